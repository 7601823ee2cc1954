"""Invented members by which a partner's document is tried: every case that could be lost on the way.

Nobody of them exists: names say so, and numbers are of no company. What a document cannot say of
them is held back before it leaves (P7), and named by a run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from schemas import name as names
from schemas import ref as refs
from schemas.identifiers import Identifier
from schemas.record import Record
from schemas.status import Status

PLAIN: Final = "Invented Sample Company, Inc."
JOINED: Final = date(2014, 4, 7)

# One or more of each scheme that a document of ours has a place for: the shapes that differ.
NUMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "SCAC": ("QXQQ", "QXQ"),
    "ICR": ("00-1234567A1", "149900-00001"),
    "MID": ("MXZZINV100CIU", "XOZZINV1TOR"),
    "MX-RFC": ("ZZZ140101AA1", "ZZÑ120229A10", "Z&Z010101A18"),
    "MX-CAAT": ("ZZ99",),
    "MX-PATENTE": ("0123",),
    "CA-BN9": ("999999998",),
    "CA-BN15": ("999999998RM0001",),
    "CA-CARRIER": ("ZZZ9",),
    "TW-UBN": ("99999906",),
    "TW-AEO": ("TW123456789",),
    "IL-HP": ("599999992",),
    "IL-IDNR": ("123456782",),
    "IL-AEO": ("IL599999992",),
    "KR-BRN": ("9998199992",),
    "KR-AEO": ("KRAEO0000001",),
}
NAMES: Final[Mapping[str, str]] = {
    "a plain name": PLAIN,
    "a Spanish name": "Compañía Inventada Ñandú & Hijos, S.A. de C.V.",
    "a French name": "Société Inventée Forêt-Œuvre Ltée",
    "a Polish name": "Zmyślona Spółka Zażółć Gęślą",
    "a Chinese name": "虛構堃喆股份有限公司",
    "a Hebrew name": "חברה מומצאת בע״מ",
    "a Korean name": "㈜가상무역 뷁",
    "a Japanese name": "架空商事カブシキガイシャ",
    "an Arabic name": "شركة وهمية للتجارة",
    "a Cyrillic name": "Вымышленная компания",
    "a name in two directions": "Invented חברה Company",
    "a name beyond the first 65,536 characters": "Invented \N{CJK UNIFIED IDEOGRAPH-20BB7} Company",
    "a name that XML must escape": 'Invented <Sample> & "Company\'s" ]]> &amp; Co.',
    "a name with white space": "  Invented  Sample\tCompany\nof two lines ",
    "the shortest name": "X",
    "the longest name": f"{PLAIN} ".ljust(names.LENGTH_MAX, "x"),
    "the longest name of two bytes a letter": "Ñ" * names.LENGTH_MAX,
}
DATES: Final[Mapping[str, date]] = {
    "the earliest date": date.min,
    "the latest date": date.max,
    "a leap day": date(2012, 2, 29),
    "a day before 1912": date(1911, 12, 31),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One invented member; `what` names what is special about it, in words."""

    what: str
    record: Record


def samples(schemes: Iterable[str]) -> list[Sample]:
    """A member a case: each status, each number of these schemes, each name, each date. A scheme
    that `NUMBERS` does not know has none.
    """
    numbers = [
        Identifier(scheme, value) for scheme in sorted(schemes) for value in NUMBERS.get(scheme, ())
    ]
    cases = [(f"the status {status}", _record(status=status)) for status in Status]
    cases += [(f"the {one.scheme} {one.value}", _record(identifiers=(one,))) for one in numbers]
    cases.append(("all identifiers at once", _record(identifiers=tuple(numbers))))
    cases.append(("no identifier", _record()))
    cases += [(what, _record(name=name)) for what, name in NAMES.items()]
    cases += [(what, _record(member_since=day)) for what, day in DATES.items()]
    cases.append(("the highest version", _record(version=10**18 - 1)))
    return [Sample(what, record) for what, record in cases]


def _record(**special: object) -> Record:
    plain: dict[str, object] = {
        "ref": refs.new(),
        "version": 1,
        "name": PLAIN,
        "identifiers": (),
        "status": Status.CERTIFIED,
        "member_since": JOINED,
    }
    return Record(**{**plain, **special})  # type: ignore[arg-type]  # the cases know its fields
