"""What is seen from outside, and what must be so of it at every moment.

    the ledger, entry by entry  ---.
    the bytes that leave -----------+--> Outside --> AssertionError, with the promise that is broken
    the receipts that come home ---'

The ledger is read after every commit, before anything else can happen: what it says is let out is
held against the model as it is at that moment (P1). What leaves is held against the ledger (P2, P5),
and what the gateway believes against what it was answered (P4).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import orjson
from sqlalchemy import Connection, Row, select

from outbox.ledger import GENESIS
from schemas.receipt import Receipt, Verdict
from schemas.tables import attempts, batches, lanes, ledger
from signing.certificate import Certificate
from tests.journeys.model import journal
from tests.journeys.model.journal import File, Number
from tests.journeys.model.model import TEXTS, Items, Model

# An honest partner never gives ground for one of these.
FALSE_ALARMS = {"holdings differ", "receipt contradicts"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One issue as the ledger says it was let out: `announced` is (account, version, consent, items)
    by ref, `withdrawn` the account by ref.
    """

    issue: int
    digest: str
    announced: dict[str, tuple[str, int, int, Items]]
    withdrawn: dict[str, str]


@dataclass(slots=True)
class Outside:
    """All that was seen. `lives` is whose a ref is; `over` are those that must not be told again;
    `given` are all receipts a partner ever wrote, `answers` those that came home; the `excused` are
    partners whose holdings may differ from what we know.
    """

    model: Model
    clock: Callable[[], datetime]
    issues: dict[Number, list[Issue]] = field(default_factory=dict)
    lives: dict[str, tuple[str, str]] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)
    files: list[File] = field(default_factory=list)
    answers: dict[Number, list[Receipt]] = field(default_factory=dict)
    given: dict[str, list[Receipt]] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=dict)
    excused: set[str] = field(default_factory=set)
    entries: int = 0
    _digest: str = GENESIS
    _versions: dict[str, int] = field(default_factory=dict)
    _epochs: dict[tuple[str, str], str] = field(default_factory=dict)

    def ended(self, account: str, partner: str | None = None) -> None:
        """What was told of this member until now is over: a new consent is a new life (P3)."""
        self.over |= {
            ref
            for ref, (whose, about) in self.lives.items()
            if about == account and partner in (None, whose)
        }

    # -- the ledger --------------------------------------------------------------------------------

    def committed(self, tx: Connection) -> None:
        """Read what the ledger says since the last time."""
        new = select(ledger).where(ledger.c.position > self.entries).order_by(ledger.c.position)
        for row in tx.execute(new).all():
            assert row.position == self.entries + 1, "P8: the ledger has no gaps"
            assert row.previous == self._digest, "P8: the ledger is one chain"
            self.entries, self._digest = row.position, row.digest
            alarm = row.kind in FALSE_ALARMS and row.partner not in self.excused
            assert not alarm, f"a false alarm: {row.kind} {row.entry}"
            if row.kind in {"disclosed", "sent again"}:
                self._let_out(tx, row, orjson.loads(row.entry))

    def _let_out(self, tx: Connection, row: Row, said: dict) -> None:
        lane = (row.partner, said["lane"])
        epoch = self._epochs.setdefault(lane, said.get("epoch", ""))
        number = Number(*lane, epoch, said["batch"])
        if row.kind == "disclosed":
            assert said["epoch"] == epoch, "P5: nobody opened another epoch"
            self._sealed(number, said)
        else:
            assert number in self.issues, f"P5: {number} is sent again and was never sealed"
            newest = self.issues[number][-1]
            assert said["issue"] == newest.issue, f"P4: {number}: an issue that was replaced"
            self._again(number, newest)
        held, used = _fences(tx, lane)
        assert used == held, f"P4: {number} let out under fence {used} of a lane at {held}"

    def _sealed(self, number: Number, said: dict) -> None:
        partner, lane = number.partner, number.lane
        before = self.issues.setdefault(number, [])
        newest = max(n.number for n in self.issues if n[:3] == number[:3])
        assert number.number == newest, f"P5: {number} was sealed after {newest}"
        assert number.number == 1 or number._replace(number=number.number - 1) in self.issues, (
            f"P5: {number} leaves a gap"
        )
        assert said["issue"] == len(before) + 1, f"P5: {number}: issues have no gaps"
        announced = {}
        for account, ref, version, consent, digest in said["announced"]:
            items = self.model.may(partner, lane, account, self.clock())
            assert items is not None, f"P1: {number} says {account}, who may not be told"
            self._lives_on(number, ref, account)
            assert version > self._versions.get(ref, 0), f"{ref}: a version twice"
            self._versions[ref] = version
            announced[ref] = (account, version, consent, items)
            assert digest, number
        for account, ref in said["withdrawn"]:
            assert self.lives.get(ref) == (partner, account), f"P3: {number} withdraws a stranger"
            self.over.add(ref)
        withdrawn = {ref: account for account, ref in said["withdrawn"]}
        before.append(
            Issue(
                issue=said["issue"],
                digest=said["digest"],
                announced=announced,
                withdrawn=withdrawn,
            )
        )

    def _again(self, number: Number, newest: Issue) -> None:
        """The same bytes: older than now perhaps, but of nobody who may not be told."""
        for ref, (account, _, _, said) in newest.announced.items():
            may = self.model.may(number.partner, number.lane, account, self.clock())
            assert may is not None, f"P1: {number} says {account} again, who may not be told"
            self._lives_on(number, ref, account)
            text = self.model.consents[number.partner, account].text
            assert text is not None
            named = {scheme for scheme, _ in said.identifiers}
            assert named <= TEXTS[text], f"P2: {number} names again what no consent names"
            assert said.status != "EXCEEDING" or text == "wide", f"P2: {number} names a tier again"

    def _lives_on(self, number: Number, ref: str, account: str) -> None:
        assert ref not in self.over, f"P3: {number}: {ref} was over, and lives again"
        whose = self.lives.setdefault(ref, (number.partner, account))
        assert whose == (number.partner, account), f"P3: {ref} is somebody else's"

    # -- the wire ----------------------------------------------------------------------------------

    def left(self, partner: str, raw: bytes, ours: Sequence[Certificate]) -> File:
        """These bytes leave; whether they arrive is another thing."""
        file = journal.read(partner, raw, ours, self.clock())
        head, number = file.header, file.number
        assert number in self.issues, f"P5: {number} leaves and the ledger knows nothing of it"
        issues = self.issues[number]
        issue = issues[-1]
        assert (head.issue, file.digest) == (issue.issue, issue.digest), (
            f"P5: {number} leaves as issue {head.issue}, and the ledger says {issue.issue}"
        )
        replaced = None if head.issue == 1 else issues[-2].digest
        assert head.replaces == replaced, f"P5: {number} replaces another issue"
        before = self.issues.get(number._replace(number=number.number - 1))
        previous = None if before is None else before[-1].digest
        assert head.previous == previous, f"P5: {number} does not name the digest before"
        meant = {ref: (version, items) for ref, (_, version, _, items) in issue.announced.items()}
        assert file.announced == meant, f"P2: {number} says other items: {file.announced}, {meant}"
        assert set(file.withdrawn) == set(issue.withdrawn), f"{number} withdraws others"
        self._only_that(number, file, {account for account, *_ in issue.announced.values()})
        self.files.append(file)
        return file

    def _only_that(self, number: Number, file: File, told: set[str]) -> None:
        """No byte of anybody else, and of nobody the account number (P2)."""
        for account, names in self.names.items():
            assert account.encode() not in file.content, f"P2: {number} has an account number"
            for name in () if account in told else names:
                assert name.encode() not in file.content, f"P2: {number} names {name}"

    def gave(self, partner: str, raw: bytes) -> None:
        """The partner has written this receipt, wherever it goes.

        One that refuses a later issue may have taken an earlier one: then it does hold more than
        anybody here can know, and it is right to sound the alarm.
        """
        said = journal.receipt(raw)
        self.given.setdefault(partner, []).append(said)
        if said.issue > 1 and (said.refused or said.verdict is Verdict.REFUSED):
            self.excused.add(partner)

    def answered(self, partner: str, raw: bytes) -> None:
        """This receipt came home."""
        said = journal.receipt(raw)
        self.answers.setdefault(journal.number_of(partner, said), []).append(said)


def _fences(tx: Connection, lane: tuple[str, str]) -> tuple[int, int]:
    """The fence of a lane, and the one of the attempt that was opened last in it."""
    partner, kind = lane
    row = tx.execute(
        select(lanes.c.id, lanes.c.fence).where(lanes.c.partner == partner, lanes.c.kind == kind)
    ).one()
    used = tx.scalar(
        select(attempts.c.fence)
        .join(batches, batches.c.id == attempts.c.batch_id)
        .where(batches.c.lane_id == row.id)
        .order_by(batches.c.id.desc(), attempts.c.n.desc())
        .limit(1)
    )
    assert used is not None
    return row.fence, used
