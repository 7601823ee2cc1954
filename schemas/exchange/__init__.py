"""What partners send each other, `xsd/exchange/1.0.xsd`: a batch one way, a receipt the other
way; and the echo of a test.
"""

from schemas.exchange.batch import ReadBatch, read_batch, read_header, write_batch
from schemas.exchange.echo import ECHO_BYTES_MAX, Echo, read_echo, write_echo
from schemas.exchange.receipt import read_receipt, write_receipt

__all__ = [
    "ECHO_BYTES_MAX",
    "Echo",
    "ReadBatch",
    "read_batch",
    "read_echo",
    "read_header",
    "read_receipt",
    "write_batch",
    "write_echo",
    "write_receipt",
]
