"""The checklist, run against our own sandbox: all of it holds, and each check can fail."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.conformance import report
from gateway.conformance.checks import CHECKS
from gateway.conformance.lane import Pair
from gateway.conformance.report import Finding, Report, Result, examine
from gateway.conformance.run import NAME, Run
from mappers import MAPPERS
from partners import foreign_roll
from schemas.programme import PROGRAMMES
from signing import keys
from tests.gateway.conformance.wrong_ends import Gullible, Indiscreet, Plain, WrongEnd
from tests.gateway.sandbox.bad_partner import BadPartner, bad_partner
from tests.world import connect, make

PARTNERS = [code for code in PROGRAMMES if code != "us-ctpat"]
TEXTS = {"mx-neec": "neec-2014"}
LIMIT = timedelta(seconds=10)
NAMES = [check.name for check in CHECKS]


class Examination:
    """A partner's end, and the checklist that is run against it with the key of us-ctpat."""

    def __init__(self, folder: Path, key_files: dict[str, Path], programme: str) -> None:
        self.folder, self.programme = folder, programme
        self.house = make(folder / programme, programme, key_files[programme])
        us = make(folder / "us", "us-ctpat", key_files["us-ctpat"])
        connect(us, self.house)
        self.key = us.key
        self.stranger = keys.load(key_files["kr-aeo" if programme != "kr-aeo" else "il-aeo"])

    def examine(self, partner: BadPartner, **facts: object) -> dict[str, Finding]:
        with self.run(partner, **facts) as run:
            return {finding.check: finding for finding in examine(run)}

    @contextmanager
    def run(self, partner: BadPartner, **facts: object) -> Iterator[Run]:
        pair = Pair(
            programme=self.programme,
            mapper=MAPPERS[self.programme],
            text=TEXTS.get(self.programme, "2014-08"),
            key=self.key,
        )
        plain = {
            "url": partner.url,
            "pair": pair,
            "stranger": self.stranger,
            "trusted": [self.house.key.certificate],
            "told": self.folder / "told.txt",
            "limit": LIMIT,
            "bytes_max": 32 << 20,
        }
        run = Run(**(plain | facts))
        yield run
        run.connections.close()

    def held(self) -> int:
        with self.house.database.read() as tx:
            return foreign_roll.size(tx, "us-ctpat")


@pytest.fixture
def mexico(tmp_path: Path, key_files: dict[str, Path]) -> Examination:
    return Examination(tmp_path, key_files, "mx-neec")


@pytest.fixture
def partner(mexico: Examination) -> Iterator[BadPartner]:
    with bad_partner(mexico.house) as running:
        yield running


def bad(findings: dict[str, Finding]) -> dict[str, str]:
    return {name: one.because for name, one in findings.items() if one.result is not Result.OK}


@pytest.mark.slow
@pytest.mark.parametrize("programme", PARTNERS)
def test_our_own_end_passes_every_check(programme: str, tmp_path: Path, key_files: dict[str, Path]):
    examination = Examination(tmp_path, key_files, programme)
    with bad_partner(examination.house) as partner:
        findings = examination.examine(partner)

    assert bad(findings) == {}
    assert list(findings) == NAMES
    assert examination.held() == 0


@pytest.mark.slow
def test_it_may_be_run_again_and_withdraws_what_a_broken_run_told(
    mexico: Examination, partner: BadPartner
):
    with mexico.run(partner) as broken:
        broken.apply(broken.lane(), [broken.member(), broken.member()])
    assert mexico.held() == 2

    assert bad(mexico.examine(partner)) == {}
    assert mexico.held() == 0
    assert not (mexico.folder / "told.txt").exists()


# -- each check can fail ---------------------------------------------------------------------------

# Which habits, batch by batch, make which check fail.
HABITS = [
    ("receipt", "unsigned"),
    ("receipt", "stranger"),
    ("receipt", "wrong-digest"),
    ("receipt", "wrong-number"),
    ("receipt", "500"),
    ("receipt", "refuse-500"),
    ("receipt", "busy"),
    ("receipt", "cut"),
    ("receipt", "deaf"),
    ("receipt", "refusing"),
    ("receipt", "picky"),
    ("receipt", "replay"),
    ("duplicate", "honest:2,skewed"),
    ("clock", "skewed"),
    ("higher-issue", "honest,miscounting"),
    ("stale-issue", "honest,wrong-number"),
    ("announcements", "miscounting"),
    ("older-version", "honest,miscounting"),
    ("withdrawal", "honest,wishful"),
    ("not-held", "wishful"),
    ("tombstone", "honest:2,miscounting"),
    ("bad-record", "refusing"),
    ("miscounted", "miscounting"),
    ("cleaned", "wishful"),
    ("holdings", "honest,miscounting"),
    ("holdings", "forgetful"),
]
REFUSING = [
    "other-bytes",
    "gap",
    "chain",
    "epoch",
    "unsigned",
    "changed-byte",
    "stranger",
    "addressee",
    "sender",
    "too-large",
    "hostile",
    "nonsense",
]
BY_NAME = {check.name: check for check in CHECKS}


def alone(run: Run, name: str) -> Finding:
    return report.examined(run, BY_NAME[name])


@pytest.mark.parametrize(("name", "words"), HABITS, ids=lambda word: word)
def test_a_bad_habit_makes_its_check_fail(
    name: str, words: str, mexico: Examination, partner: BadPartner
):
    with mexico.run(partner) as run:
        assert alone(run, "receipt").result is Result.OK
        partner.will(*words.split(","))

        finding = alone(run, name)

    assert (finding.result, partner.plan.left) == (Result.FAILED, ()), finding


@pytest.mark.parametrize("name", REFUSING)
def test_an_end_that_turns_nothing_away_fails(name: str, mexico: Examination):
    with bad_partner(mexico.house, around=Gullible) as partner, mexico.run(partner) as run:
        assert alone(run, "receipt").result is Result.OK

        finding = alone(run, name)

    assert finding.result is Result.FAILED, finding


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "end"), [("problems", Indiscreet), ("problems", Plain), ("media-type", Plain)]
)
def test_an_end_that_says_too_much_or_the_wrong_kind_fails(
    name: str, end: type[WrongEnd], mexico: Examination
):
    with bad_partner(mexico.house, around=end) as partner, mexico.run(partner) as run:
        alone(run, "addressee")

        assert alone(run, name).result is Result.FAILED


def test_every_check_is_known_to_fail():
    failing = {name for name, _ in HABITS} | set(REFUSING) | {"problems", "media-type"}

    assert failing == set(NAMES)


@pytest.mark.slow
def test_silence_fails_in_time(mexico: Examination, partner: BadPartner):
    partner.will("silent")
    with mexico.run(partner, limit=timedelta(seconds=0.5)) as run:
        finding = alone(run, "receipt")

    assert (finding.result, finding.because) == (
        Result.FAILED,
        "no whole answer came (ReadTimeout)",
    )


def test_what_is_applied_later_cannot_be_judged(mexico: Examination):
    with bad_partner(mexico.house, answer_to="http://127.0.0.1:9") as partner:
        partner.will("received")
        with mexico.run(partner) as run:
            assert alone(run, "announcements").result is Result.SKIPPED


@pytest.mark.slow
def test_a_bad_answer_leaves_the_other_checks_alone(mexico: Examination, partner: BadPartner):
    partner.will("honest:2", "wrong-digest")

    found = bad(mexico.examine(partner))

    assert found.keys() == {"duplicate", "holdings"}
    assert "in doubt" in found["holdings"]


# -- the report ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_report_names_no_member(mexico: Examination, partner: BadPartner):
    partner.will("refusing")
    with mexico.run(partner) as run:
        findings = examine(run)
        told = Report(url=partner.url, programme="mx-neec", at=datetime.now(UTC), findings=findings)

    text = told.text() + str(told.facts())
    assert NAME not in text
    assert "QZA" not in text
    assert f"{told.count(Result.OK)} ok, 1 failed" in text
    assert "failed   a batch is answered by a receipt that verifies (receipt): " in text
