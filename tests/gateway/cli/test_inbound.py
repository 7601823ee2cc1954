"""`mrx inbound` and `mrx recognised`: a partner's batch on a stick, and a person's decision."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from gateway.cli import exits
from schemas.record import Record
from schemas.tables import foreign_rolls
from tests.gateway.cli.command import Mrx
from tests.gateway.sender import Sender, mid, record, some
from tests.world import World

ID = "mx-neec.routine.00000000000000aa.2.1"


@pytest.fixture
def sender(world: World) -> Sender:
    return Sender(world)


@pytest.fixture
def members() -> list[Record]:
    return [*some(119), record(identifiers=(mid(1),))]


@pytest.fixture
def file(sender: Sender, members: list[Record], tmp_path: Path) -> Path:
    """Their first batch, on a stick."""
    path = tmp_path / "batch-1.p7m"
    path.write_bytes(sender.next(members, at=datetime.now(UTC)))
    return path


@pytest.fixture
def waiting(mrx: Mrx, file: Path, sender: Sender, members: list[Record], world: World) -> Path:
    """A second one that would take half of the roll away; it has been imported, and waits."""
    mrx("inbound", "import", file)
    with world.house.database.write() as tx:
        long_ago = datetime.now(UTC) - timedelta(days=2)
        tx.execute(update(foreign_rolls).values(baseline_at=long_ago))
    path = file.with_name("batch-2.p7m")
    away = [one.ref for one in members[:60]]
    path.write_bytes(sender.next(withdrawals=away, at=datetime.now(UTC)))
    mrx("inbound", "import", path, code=exits.WAITS)
    return path


def test_a_batch_on_a_stick_is_taken_and_its_receipt_written(
    mrx: Mrx, file: Path, sender: Sender, tmp_path: Path
):
    receipt = tmp_path / "receipt-1.p7m"

    said = mrx.json("inbound", "import", file, "-o", receipt)

    assert (said["partner"], said["number"], said["verdict"], said["held"]) == (
        "mx-neec",
        1,
        "all",
        120,
    )
    assert sender.opened(receipt.read_bytes()).digest == sender.digest(file.read_bytes())
    again = mrx("inbound", "import", file, "-o", "-")
    assert again.stdout_bytes == receipt.read_bytes()


def test_a_batch_with_refusals_exits_with_its_own_code(mrx: Mrx, sender: Sender, tmp_path: Path):
    path = tmp_path / "batch.p7m"
    now = datetime.now(UTC)
    path.write_bytes(sender.next([record(member_since=(now + timedelta(days=9)).date())], at=now))

    said = mrx.json("inbound", "import", path, code=exits.REJECTED)

    assert [one["code"] for one in said["refused"]] == ["MRX-1112"]


def test_a_stranger_is_not_believed(mrx: Mrx, world: World, tmp_path: Path):
    path = tmp_path / "batch.p7m"
    path.write_bytes(b"hello")

    assert "MRX-3002" in mrx("inbound", "import", path, code=exits.FAILED).stderr


def test_what_waits_is_listed_and_shown_with_its_plan(mrx: Mrx, waiting: Path):
    [one] = mrx.json("inbound", "list", "--state", "quarantined")
    assert (one["id"], one["withdrawn"]) == (ID, 60)

    assert mrx.json("inbound", "show", ID)["plan"] == {"come": 0, "gone": 60, "changed": 0}
    assert "quarantined" in mrx("inbound", "list").stdout
    quarantined = [row for row in mrx.json("roll", "list", "mx-neec") if row["quarantined"]]
    assert len(quarantined) == 60


def test_approving_applies_it_and_hands_out_the_receipt(
    mrx: Mrx, waiting: Path, sender: Sender, tmp_path: Path
):
    receipt = tmp_path / "receipt-2.p7m"

    wrong = mrx("inbound", "approve", ID, "--reason", "they moved", code=exits.FAILED)
    assert "MRX-7024" in wrong.stderr
    asked = mrx.json(
        "inbound", "approve", ID, "--gone", 60, "--reason", "they moved", code=exits.WAITS
    )
    assert len(mrx.json("roll", "list", "mx-neec")) == 120
    mrx("approval", "approve", asked["id"], "--reason", "I asked them too", USER="anna")
    mrx("inbound", "receipt", ID, "-o", receipt)

    said = mrx.json("inbound", "show", ID)
    assert (said["state"], said["decided_by"], said["reason"]) == ("applied", "anna", "they moved")
    assert sender.opened(receipt.read_bytes()).held == 60
    assert len(mrx.json("roll", "list", "mx-neec")) == 60
    twice = mrx("inbound", "reject", ID, "--reason", "late", code=exits.FAILED)
    assert "MRX-5022" in twice.stderr


def test_rejecting_takes_nothing(mrx: Mrx, waiting: Path, sender: Sender):
    assert mrx.json("inbound", "reject", ID, "--reason", "a test file")["state"] == "rejected"

    answer = mrx("inbound", "import", waiting, "-o", "-", code=exits.REJECTED)
    assert sender.opened(answer.stdout_bytes).code == "MRX-4015"
    assert len(mrx.json("roll", "list", "mx-neec")) == 120


@pytest.mark.parametrize("reason", ["", "two\nlines"])
def test_a_decision_needs_a_reason(mrx: Mrx, world: World, reason: str):
    mrx("inbound", "approve", ID, "--reason", reason, code=exits.USAGE)


def test_no_such_batch(mrx: Mrx, world: World):
    assert "MRX-5014" in mrx("inbound", "show", ID, code=exits.FAILED).stderr


def test_a_member_is_looked_up_by_its_mid(mrx: Mrx, file: Path, members: list[Record]):
    mrx("inbound", "import", file)

    [found] = mrx.json("recognised", "lookup", "MID", mid(1).value)

    assert (found["programme"], found["ref"], found["usable"]) == ("mx-neec", members[-1].ref, True)
    assert mrx.json("recognised", "lookup", "MID", mid(1).value, "--programme", "ca-pip") == []
    wrong = mrx("recognised", "lookup", "MID", "not a mid", code=exits.FAILED)
    assert "MRX-1107" in wrong.stderr


def test_a_mid_is_attached_and_ended_by_hand(mrx: Mrx, file: Path, members: list[Record]):
    mrx("inbound", "import", file)
    ref, number = members[0].ref, mid(7).value

    attached = mrx.json("recognised", "attach", "mx-neec", ref.lower(), number)
    assert [(one["value"], one["source"]) for one in attached["identifiers"]] == [
        (number, "home"),
        ("ZZZ140101AA1", "partner"),
    ]
    [found] = mrx.json("recognised", "lookup", "MID", number)
    assert found["ref"] == ref

    mrx("recognised", "detach", "mx-neec", ref, number)
    assert mrx.json("recognised", "lookup", "MID", number) == []
    assert "MRX-5017" in mrx("recognised", "detach", "mx-neec", ref, number, code=1).stderr
    shown = mrx.json("recognised", "show", "mx-neec", ref)
    assert [one["scheme"] for one in shown["identifiers"]] == ["MX-RFC"]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(["mx-neec", "NOREF", "MXINVCOM123TIJ"], id="no ref"),
        pytest.param(["--from", "2026-02-30"], id="no day"),
        pytest.param(["--from", "2026-03-02", "--until", "2026-03-01"], id="backwards"),
    ],
)
def test_what_cannot_be_attached_is_a_usage_error(mrx: Mrx, world: World, wrong: list[str]):
    right = ["mx-neec", record().ref, "MXINVCOM123TIJ"]

    mrx("recognised", "attach", *(right if wrong[0] == "--from" else []), *wrong, code=exits.USAGE)
