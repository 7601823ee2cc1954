"""`mrx translate`: members said in a programme's document, and read back. It needs no home.

For the engineer who adds a programme: nothing is stored, nothing is sent, nobody is told.
"""

from datetime import UTC, date, datetime
from typing import Annotated, TypeAlias

import orjson
import typer

from gateway.cli import answer, exits, files
from gateway.cli.feed import feed
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Output
from gateway.intake.members import read_member
from gateway.intake.reading import Format, Rejected, Tally, read
from gateway.intake.lines import Source
from gateway.intake.shape import MEMBERS
from mappers import MAPPERS, Mapper, Misread
from schemas import ref as refs
from schemas.codes import CODES
from schemas.errors import BadRequest
from schemas.member import Member
from schemas.parse import DOCUMENT_BYTES_MAX, parse
from schemas.programme import PROGRAMMES
from schemas.record import Record

HOME = "us-ctpat"
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
LEFT_OUT_SHOWN = 1_000

Programme = Annotated[str, typer.Argument(help="The programme whose document it is.")]
Members = Annotated[str, typer.Argument(metavar="IN", help="Members, NDJSON; '-' is stdin.")]
Document = Annotated[str, typer.Argument(metavar="IN", help="A document, XML; '-' is stdin.")]
LeftOut: TypeAlias = dict[str, object]

app = noun()


@app.command(epilog="Example: mrx translate to mx-neec members.ndjson -o neec.xml")
def to(
    programme: Programme, source: Members, *, output: Output = "-", as_json: AsJson = False
) -> None:
    """Say members in a programme's document.

    Each is given a new reference. What the format cannot say exactly is left out, never altered,
    and listed by line with its code (exit 3).
    """
    _one_stdout(output, as_json=as_json)
    mapper = _mapper(programme)
    schemes = PROGRAMMES[HOME].schemes | PROGRAMMES[programme].schemes
    records: list[Record] = []
    left_out: list[LeftOut] = []
    with feed(source) as members:
        ...
