"""Our side of an exchange, over invented members: what holds, what is lost, and what is noticed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from lxml import etree

from gateway.checkup.finding import Result, Step
from gateway.conformance import evidence, ours
from gateway.conformance.evidence import Report
from gateway.conformance.samples import NUMBERS, samples
from mappers import MAPPERS, Misread
from outbox.house import House
from partners import agreements
from schemas.agreement import Agreement
from schemas.record import Record
from schemas.status import Status
from tests import world

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, key_files) -> Iterator[House]:
    made = world.make(tmp_path_factory.mktemp("home"), "us-ctpat", key_files["us-ctpat"])
    yield made
    made.database.close()


def agreed(house: House, partner: str) -> Agreement:
    with house.database.read() as tx:
        return agreements.get(tx, partner).agreement


def run(house: House, agreement: Agreement) -> tuple[ours.Course, dict[str, Step]]:
    course, steps = ours.run(house, agreement, now=NOW)
    return course, {one.step: one for one in steps}


def results(steps: dict[str, Step], result: Result) -> set[str]:
    return {name for name, one in steps.items() if one.result is result}


@pytest.mark.parametrize("partner", MAPPERS)
def test_every_partner_s_format_holds(house: House, partner: str):
    course, steps = run(house, agreed(house, partner))

    assert results(steps, Result.OK) == set(steps), steps
    assert list(steps) == [
        "format",
        "statuses",
        "identifiers",
        "names",
        "document",
        "read back",
        "sealing",
    ]
    assert len(course.said) + len(course.held) == len(course.samples)
    assert {one.record.status for one in course.said} == set(Status)


def test_what_a_format_cannot_say_is_named_and_no_fault(house: House):
    course, steps = run(house, agreed(house, "kr-aeo"))

    assert steps["names"].result is Result.OK
    assert "held back, never cut: a Spanish name (MRX-2101)" in steps["names"].sentence
    assert any(loss.startswith("the longest name: MRX-2102 ") for loss in course.losses)
    assert "a Korean name" in {one.what for one in course.said}


@pytest.mark.parametrize("programme", MAPPERS)
def test_there_is_a_sample_of_each_number_a_format_has_a_place_for(programme: str):
    kinds = MAPPERS[programme].KINDS

    assert kinds.keys() <= NUMBERS.keys()
    tried = {n.scheme for one in samples(kinds) for n in one.record.identifiers}
    assert tried == set(kinds)


# -- formats that do not hold ----------------------------------------------------------------------


def bent(monkeypatch: pytest.MonkeyPatch, **otherwise: object) -> None:
    """Mexico's mapper, and something of it otherwise."""
    real = MAPPERS["mx-neec"]
    names = ("PROGRAMME", "FORMAT", "STATUS_WORDS", "KINDS", "LOSSES")
    names += ("unsayable", "write", "read", "categories", "told")
    parts = {name: getattr(real, name) for name in names}
    monkeypatch.setitem(MAPPERS, "mx-neec", SimpleNamespace(**{**parts, **otherwise}))


def cut(records: Sequence[Record]) -> bytes:
    """A mapper that cuts names."""
    return WRITE([replace(one, name=one.name[:60].strip() or "X") for one in records])


def forgetful(document: etree._Element) -> Iterator[Record | Misread]:
    """A mapper that reads no second identifier, and of one status another."""
    for one in READ(document):
        assert isinstance(one, Record)
        status = Status.CERTIFIED if one.status is Status.EXCEEDING else one.status
        yield replace(one, identifiers=one.identifiers[:1], status=status)


WRITE, READ = MAPPERS["mx-neec"].write, MAPPERS["mx-neec"].read


def test_a_mapper_that_cuts_names_is_noticed(house: House, monkeypatch: pytest.MonkeyPatch):
    bent(monkeypatch, write=cut)

    _, steps = run(house, agreed(house, "mx-neec"))

    assert results(steps, Result.FAILED) == {"read back"}
    assert "name of the longest name" in steps["read back"].sentence
    assert results(steps, Result.OK) >= {"document", "sealing"}


def test_a_mapper_that_writes_what_it_cannot_say_is_noticed(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    real = MAPPERS["mx-neec"].unsayable
    bent(
        monkeypatch,
        unsayable=lambda record: "MRX-2102" if len(record.name) > 400 else real(record),
    )

    _, steps = run(house, agreed(house, "mx-neec"))

    assert results(steps, Result.FAILED) == {"names"}
    assert results(steps, Result.SKIPPED) == {"document", "read back", "sealing"}
    assert steps["sealing"].sentence == "not run: it needs document"


def test_what_is_read_otherwise_is_named_by_its_item(house: House, monkeypatch: pytest.MonkeyPatch):
    bent(monkeypatch, read=forgetful)

    _, steps = run(house, agreed(house, "mx-neec"))

    said = steps["read back"].sentence
    assert steps["read back"].result is Result.FAILED
    assert "status of the status EXCEEDING" in said
    assert "identifiers of all identifiers at once" in said


@pytest.mark.parametrize(
    ("wrong", "check", "said"),
    [
        ({"STATUS_WORDS": {Status.CERTIFIED: "autorizada"}}, "statuses", "SUSPENDED"),
        ({"STATUS_WORDS": dict.fromkeys(Status, "autorizada")}, "statuses", "one word"),
        ({"KINDS": {"MID": "MID"}}, "identifiers", "SCAC"),
        ({"FORMAT": "mx-neec/2.0"}, "format", "mx-neec/2.0"),
        ({"write": lambda _: b"<operadores/>"}, "document", "MRX-2305"),
        ({"write": lambda _: 1 / 0}, "document", "ZeroDivisionError"),
        (
            {"unsayable": lambda _: "MRX-2101"},
            "names",
            "a plain company cannot be said in the status",
        ),
    ],
)
def test_each_fault_fails_the_check_that_is_for_it(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    wrong: dict[str, object],
    check: str,
    said: str,
):
    bent(monkeypatch, **wrong)

    _, steps = run(house, agreed(house, "mx-neec"))

    assert steps[check].result is Result.FAILED, steps
    assert said in steps[check].sentence
    assert steps[check].next


def test_a_format_that_nobody_maps_leaves_all_else_not_run(house: House):
    _, steps = run(house, replace(agreed(house, "mx-neec"), format="xx-aeo/1.0"))

    assert results(steps, Result.FAILED) == {"format"}
    assert results(steps, Result.SKIPPED) == set(steps) - {"format"}


def test_our_own_certificate_must_be_valid(house: House):
    _, steps = ours.run(house, agreed(house, "mx-neec"), now=datetime(2100, 1, 1, tzinfo=UTC))

    found = {one.step: one for one in steps}
    assert results(found, Result.FAILED) == {"sealing"}
    assert "MRX-3006" in found["sealing"].sentence


# -- the report ------------------------------------------------------------------------------------


def test_a_report_is_read_as_it_was_kept(house: House):
    course, steps = ours.run(house, agreed(house, "tw-aeo"), now=NOW)
    report = Report(
        partner="tw-aeo",
        format="tw-aeo/1.0",
        address=None,
        at=NOW,
        by="emil",
        samples=len(course.samples),
        said=len(course.said),
        losses=course.losses,
        checks=(*steps, Step(step="tls", result=Result.FAILED, sentence="no", next="ask them")),
    )

    assert evidence.read(report.kept()) == report
    assert (report.well, report.failed) == (False, ("tls",))
    assert report.sentence.endswith("by emil; failed: tls")
    text = report.text()
    assert "failed   tls: no" in text
    assert "a day before 1912: MRX-2104" in text
    assert f"{len(course.samples)}, of which {len(course.said)} can be said" in text


@pytest.mark.parametrize("word", ["a letter", "7", "{}", '{"document": "mrx-statement/1"}'])
def test_what_a_person_once_wrote_is_no_report(word: str):
    assert evidence.read(word) is None
