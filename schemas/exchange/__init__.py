"""What partners send each other, `xsd/exchange/1.0.xsd`: a batch one way, a receipt the other way."""

from schemas.exchange.batch import ReadBatch, read_batch, read_header, write_batch
from schemas.exchange.receipt import read_receipt, write_receipt

__all__ = [
    "ReadBatch",
    "read_batch",
    "read_header",
    "read_receipt",
    "write_batch",
    "write_receipt",
]
