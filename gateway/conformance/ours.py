"""Our side of the exchange with one partner, from a member to a sealed file and back.

    format --> statuses, identifiers
        '----> names --> document --> read back --> sealing

Every check is run with the partner's real mapper, its XSD, our key and our certificate, over
invented members (`samples`). What the format cannot say is no fault as long as it is held back: it
is named. A check that fails leaves those that need it not run.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from gateway.checkup.finding import Found, Result, Step
from gateway.checkup.reaching import Failed
from gateway.conformance.samples import Sample, samples
from mappers import MAPPERS
from mappers.base import Mapper, Misread
from outbox.house import House
from schemas import exchange
from schemas.agreement import Agreement
from schemas.batch import Header, Lane
from schemas.codes import CODES
from schemas.document import xsd_path
from schemas.errors import MrxError, Unsayable
from schemas.parse import parse
from schemas.record import Record
from schemas.status import Status
from signing.open import open_sealed
from signing.seal import seal

_NAMED_MAX: Final = 3
_ITEMS: Final = ("ref", "version", "name", "status", "member_since")


@dataclass(slots=True, kw_only=True)
class Course:
    """What is known so far of one run. `held` are samples that the format cannot say, with the
    code.
    """

    house: House
    agreement: Agreement
    now: datetime
    samples: list[Sample]
    said: list[Sample] = field(default_factory=list)
    held: list[tuple[Sample, str]] = field(default_factory=list)
    written: bytes = b""
    document: Any = None  # as `schemas.parse` gives it

    @property
    def mapper(self) -> Mapper:
        return MAPPERS[self.agreement.format.partition("/")[0]]

    @property
    def losses(self) -> tuple[str, ...]:
        """What cannot be said, in words, each with its code and what that means."""
        return tuple(f"{one.what}: {code} {CODES[code].title}" for one, code in self.held)


def run(house: House, agreement: Agreement, *, now: datetime) -> tuple[Course, tuple[Step, ...]]:
    """Run every check of our side. Raises nothing: what goes wrong is a finding."""
    course = Course(house=house, agreement=agreement, now=now, samples=samples(agreement.schemes))
    steps: list[Step] = []
    blocked: set[str] = set()
    for name, needs, check in _CHECKS:
        lacking = next((need for need in needs if need in blocked), None)
        if lacking is None:
            step = _checked(name, check, course)
        else:
            sentence = f"not run: it needs {lacking}"
            step = Step(step=name, result=Result.SKIPPED, sentence=sentence, next=None)
        if step.result in {Result.FAILED, Result.SKIPPED}:
            blocked.add(name)
        steps.append(step)
    return course, tuple(steps)


def _checked(name: str, check: Callable[[Course], Found], course: Course) -> Step:
    try:
        found = check(course)
    except Failed as failed:
        sentence, following = failed.sentence, failed.next
    except MrxError as error:
        sentence, following = f"{error.code} {error.reason}", error.repair
    except Exception as error:  # noqa: BLE001  # a mapper may do anything: it is what is tried here
        # The kind only: its words may repeat what was written.
        sentence, following = f"it breaks: {type(error).__name__}", _MAPPER
    else:
        return Step(step=name, result=found.result, sentence=found.sentence, next=found.next)
    return Step(step=name, result=Result.FAILED, sentence=sentence, next=following)


_MAPPER: Final = "repair the mapper, and the tests that should have seen it"
_AGREE: Final = "agree on a word for it with the partner, and give it to the mapper; or take it out"


def _format(course: Course) -> Found:
    agreed = course.agreement.format
    if agreed.partition("/")[0] not in MAPPERS:
        raise Failed(f"there is no mapper for {agreed}", "add it: see `Adding a programme`")
    if agreed != course.mapper.FORMAT:
        raise Failed(
            f"the agreement names {agreed}, the mapper writes {course.mapper.FORMAT}",
            "find out which of the two is agreed",
        )
    return Found(f"the mapper writes {agreed}, and {xsd_path(agreed).name} is here to check it by")


def _statuses(course: Course) -> Found:
    words = course.mapper.STATUS_WORDS
    silent = sorted(status for status in course.agreement.statuses if not words.get(status))
    if silent:
        raise Failed(f"no word for a status that is released: {', '.join(silent)}", _AGREE)
    if len(set(words.values())) < len(words):
        raise Failed("two statuses have one word: they would be read as one", _MAPPER)
    released = len(course.agreement.statuses)
    return Found(f"each of the {released} statuses that are released has a word of its own")


def _identifiers(course: Course) -> Found:
    allowed = sorted(course.agreement.schemes)
    nowhere = [scheme for scheme in allowed if scheme not in course.mapper.KINDS]
    if nowhere:
        raise Failed(f"no place for an identifier that is allowed: {', '.join(nowhere)}", _AGREE)
    untried = [one for one in allowed if all(one != n.scheme for n in _numbers(course.samples))]
    if untried:
        raise Failed(f"no sample number of {', '.join(untried)}", "add one to the samples")
    return Found(f"each of {', '.join(allowed)} has a place" if allowed else "none is allowed")


def _names(course: Course) -> Found:
    """What the mapper says it cannot say, it must refuse to write, too: never cut it."""
    for one in course.samples:
        code = course.mapper.unsayable(one.record)
        if code is None:
            course.said.append(one)
        else:
            course.held.append((one, code))
    plain = course.samples[: len(Status)]  # a plain company in each status
    released = [one for one in plain if one.record.status in course.agreement.statuses]
    lost = [one.what for one in released if one not in course.said]
    if lost:
        raise Failed(f"a plain company cannot be said in {_some(lost)}", _MAPPER)
    for one, _ in course.held:
        try:
            course.mapper.write([one.record])
        except Unsayable:
            continue
        raise Failed(f"{one.what} cannot be said, and is written all the same", _MAPPER)
    said = f"{len(course.said)} of {len(course.samples)} invented members can be said"
    if not course.held:
        return Found(said)
    held = _some([f"{one.what} ({code})" for one, code in course.held])
    return Found(f"{said}; held back, never cut: {held}")


def _document(course: Course) -> Found:
    records = _records(course)
    course.written = course.mapper.write(records)
    course.document = parse(course.written)
    # `told` holds the whole document against the XSD.
    if course.mapper.told(course.document) != [(one.ref, one.version) for one in records]:
        raise Failed(
            "the document holds other members than were written, or in another order", _MAPPER
        )
    size = f"{len(course.written):,} bytes"
    return Found(f"{len(records)} members in {size}, valid against {course.agreement.format}")


def _read_back(course: Course) -> Found:
    heard = list(course.mapper.read(course.document))
    if len(heard) != len(course.said):
        raise Failed(f"{len(course.said)} were written, {len(heard)} are read", _MAPPER)
    lost = []
    for one, again in zip(course.said, heard, strict=True):
        if isinstance(again, Misread):
            lost.append(f"{one.what} ({again.code})")
        else:
            lost += [f"{item} of {one.what}" for item in _differing(one.record, again)]
    if lost:
        raise Failed(f"not read as it was written: {_some(lost)}", _MAPPER)
    return Found(f"all items of {len(heard)} members are read as they were written")


def _sealing(course: Course) -> Found:
    """As a batch leaves: in its envelope, sealed; opened with the certificate partners pin."""
    house, now, records = course.house, course.now, _records(course)
    texts = [
        text.id for text in house.texts.values() if course.agreement.partner in text.programmes
    ]
    header = Header(
        sender=house.programme,
        recipient=course.agreement.partner,
        lane=Lane.ROUTINE,
        epoch=secrets.token_hex(8),
        number=1,
        issue=1,
        replaces=None,
        previous=None,
        created=now.replace(microsecond=0),
        format=course.agreement.format,
        agreement=f"{house.programme}:{course.agreement.partner}",
        texts=tuple(sorted(texts)),
        announcements=len(records),
        withdrawals=0,
    )
    file = seal(exchange.write_batch(header, [], course.written), house.key, now)
    opened = open_sealed(file, [house.key.certificate], now)
    batch = exchange.read_batch(opened.content)
    if batch.document is None or (batch.header, batch.withdrawals) != (header, ()):
        raise Failed(
            "the envelope is read otherwise than it was written", "this is a fault of ours"
        )
    told = course.mapper.told(batch.document)
    if told != [(one.ref, one.version) for one in records]:
        raise Failed("what is in the seal is not what was written", "this is a fault of ours")
    finger = house.key.certificate.fingerprint[:16]
    return Found(f"sealed with our key, and opened with the certificate {finger}")


_CHECKS: tuple[tuple[str, tuple[str, ...], Callable[[Course], Found]], ...] = (
    ("format", (), _format),
    ("statuses", ("format",), _statuses),
    ("identifiers", ("format",), _identifiers),
    ("names", ("format",), _names),
    ("document", ("names",), _document),
    ("read back", ("document",), _read_back),
    ("sealing", ("document",), _sealing),
)


def _records(course: Course) -> list[Record]:
    return [one.record for one in course.said]


def _numbers(found: list[Sample]) -> list[Any]:
    return [number for one in found for number in one.record.identifiers]


def _differing(meant: Record, heard: Record) -> list[str]:
    """The items that are not the same."""
    items = [item for item in _ITEMS if getattr(meant, item) != getattr(heard, item)]
    same = sorted(meant.identifiers) == sorted(heard.identifiers)
    return items if same else [*items, "identifiers"]


def _some(lost: list[str]) -> str:
    """The first few, and how many more."""
    more = f" and {len(lost) - _NAMED_MAX} more" if len(lost) > _NAMED_MAX else ""
    return ", ".join(lost[:_NAMED_MAX]) + more
