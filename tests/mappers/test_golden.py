"""Golden pairs: records beside the document that says them. The diff is the review.

To write the documents anew:

    MRX_UPDATE_GOLDEN=1 pytest tests/mappers/test_golden.py
"""

import json
import os
from datetime import date
from pathlib import Path

from mappers.base import Mapper
from schemas.identifiers import Identifier
from schemas.record import Record
from schemas.status import Status
from tests.mappers.material import heard

GOLDEN = Path(__file__).parent / "golden"


def golden(mapper: Mapper) -> list[Record]:
    rows = json.loads((GOLDEN / f"{mapper.PROGRAMME}.json").read_text(encoding="utf-8"))
    return [
        Record(
            ref=row["ref"],
            version=row["version"],
            name=row["name"],
            identifiers=tuple(Identifier(scheme, value) for scheme, value in row["identifiers"]),
            status=Status(row["status"]),
            member_since=date.fromisoformat(row["member_since"]),
        )
        for row in rows
    ]


def test_the_golden_records_are_said_in_the_golden_document(mapper: Mapper):
    file = GOLDEN / f"{mapper.PROGRAMME}.xml"
    written = mapper.write(golden(mapper)) + b"\n"
    if os.environ.get("MRX_UPDATE_GOLDEN"):
        file.write_bytes(written)

    assert written == file.read_bytes()


def test_the_golden_document_is_read_as_the_golden_records(mapper: Mapper):
    assert heard(mapper, (GOLDEN / f"{mapper.PROGRAMME}.xml").read_bytes()) == golden(mapper)


def test_the_golden_records_show_every_status(mapper: Mapper):
    assert {record.status for record in golden(mapper)} == set(Status)


def test_golden_companies_are_told_in_schemes_of_both_programmes(mapper: Mapper):
    schemes = {i.scheme for record in golden(mapper) for i in record.identifiers}

    assert {"SCAC", "MID", "ICR"} <= schemes
    assert schemes == set(mapper.KINDS)
