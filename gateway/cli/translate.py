"""`mrx translate`: members said in a programme's document, and read back. It needs no home.

For the engineer who adds a programme: nothing is stored, nothing is sent, nobody is told.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Annotated

import orjson
import typer

from gateway.cli import answer, exits, files
from gateway.cli.feed import Feed, feed
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Output
from gateway.intake.members import read_member
from gateway.intake.reading import Rejected, Taken, Tally, read
from gateway.intake.shape import MEMBERS
from mappers import MAPPERS, Mapper, Misread
from schemas import ref as refs
from schemas.codes import CODES
from schemas.errors import BadDocument, BadRequest
from schemas.member import Member
from schemas.parse import DOCUMENT_BYTES_MAX, guard, parse
from schemas.programme import PROGRAMMES
from schemas.record import Record

HOME = "us-ctpat"
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'

Programme = Annotated[str, typer.Argument(help="The programme whose document it is.")]
Members = Annotated[str, typer.Argument(metavar="IN", help="NDJSON or CSV; '-' is stdin.")]
Document = Annotated[str, typer.Argument(metavar="IN", help="An XML file; '-' is stdin.")]

app = noun()


@app.command(epilog="Example: mrx translate to mx-neec members.ndjson -o neec.xml")
def to(
    programme: Programme,
    source: Members,
    *,
    output: Output = files.STDOUT,
    as_json: AsJson = False,
) -> None:
    """Say members in a programme's document.

    Each is given a new reference. What the format cannot say exactly is left out, never altered,
    and listed by line with its code (exit 3).
    """
    _one_thing_on_stdout(output, as_json=as_json)
    mapper = _mapper(programme)
    schemes = PROGRAMMES[HOME].schemes | PROGRAMMES[programme].schemes
    records: list[Record] = []
    left_out: list[answer.Facts] = []
    with feed(source) as members:
        for line in _lines(members, schemes, today=datetime.now(UTC).date()):
            if isinstance(line, Rejected):
                left_out.append(line._asdict())
                continue
            record = _record(line.item)
            code = mapper.unsayable(record)
            if code is None:
                records.append(record)
            else:
                left_out.append(
                    Rejected(line.line, line.item.account, code, CODES[code].title)._asdict()
                )
    document = DECLARATION + mapper.write(records) + b"\n"
    _warn_of_size(document)
    files.write(output, document)
    _report(len(records), left_out, as_json=as_json)


@app.command("from", epilog="Example: mrx translate from mx-neec neec.xml -o members.ndjson")
def from_(
    programme: Programme,
    source: Document,
    *,
    output: Output = files.STDOUT,
    as_json: AsJson = False,
) -> None:
    """Read a programme's document: one JSON object a line, by reference.

    Records that cannot be taken are left out and listed with their code (exit 3).
    """
    _one_thing_on_stdout(output, as_json=as_json)
    mapper = _mapper(programme)
    document = parse(files.read(source, bytes_max=DOCUMENT_BYTES_MAX))
    lines: list[bytes] = []
    left_out: list[answer.Facts] = []
    for one in mapper.read(document):
        if isinstance(one, Misread):
            reason = CODES[one.code].title
            left_out.append({"ref": one.ref, "code": one.code, "reason": reason})
        else:
            lines.append(_line(one))
    files.write(output, b"".join(lines))
    _report(len(lines), left_out, as_json=as_json)


def _one_thing_on_stdout(output: str, *, as_json: bool) -> None:
    if as_json and output == files.STDOUT:
        raise typer.BadParameter("give a file: stdout has the JSON", param_hint="--output")


def _mapper(programme: str) -> Mapper:
    if programme not in MAPPERS:
        raise BadRequest("MRX-5001", known=" ".join(MAPPERS))
    return MAPPERS[programme]


def _lines(
    members: Feed, schemes: frozenset[str], *, today: date
) -> Iterator[Taken[Member] | Rejected]:
    return read(
        members.open(),
        format=members.format,
        shape=MEMBERS,
        take=lambda fields: read_member(fields, schemes=schemes, today=today),
        tally=Tally(),
    )


def _record(member: Member) -> Record:
    """What a partner would be told of the member, by the first telling of a new life."""
    return Record(
        ref=refs.new(),
        version=1,
        name=member.name,
        identifiers=member.identifiers,
        status=member.status,
        member_since=member.member_since,
    )


def _line(record: Record) -> bytes:
    return orjson.dumps(
        {
            "ref": record.ref,
            "name": record.name,
            "identifiers": [{"scheme": i.scheme, "value": i.value} for i in record.identifiers],
            "status": record.status,
            "member_since": record.member_since,
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def _warn_of_size(document: bytes) -> None:
    try:
        guard(document, bytes_max=DOCUMENT_BYTES_MAX)
    except BadDocument as error:
        answer.talk(f"Warning {error.code}: too large to be read back; translate fewer at once.")


def _report(translated: int, left_out: Sequence[answer.Facts], *, as_json: bool) -> None:
    """Answer, list what was left out, and exit 3 if anything was."""
    if as_json:
        facts = {
            "read": translated + len(left_out),
            "translated": translated,
            "rejected": len(left_out),
            "rejections": left_out,
        }
        answer.one(facts, json=True)
    for one in left_out:
        where = f"line {one['line']}" if "line" in one else f"ref {one['ref'] or '?'}"
        answer.talk(f"{where}: {one['code']} {one['reason']}")
    answer.talk(f"Translated {translated:,} of {translated + len(left_out):,} members.")
    if left_out:
        raise typer.Exit(exits.REJECTED)
