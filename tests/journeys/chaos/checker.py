"""Judges the history of a storm. Each rule walks it once and yields a sentence a violation.

| rule | what must be so |
|---|---|
| `lost` | after calm each partner holds exactly what the roll within consent says, and nothing waits |
| `gaps` | a lane's numbers, as first seen, are 1, 2, 3 ... in each epoch |
| `images` | one byte image for each issue, and it is the one the gateway keeps |
| `unannounced` | no file arrives that was not let out: its issue sealed, an attempt open for each time |
| `chain` | each number names the digest of the newest issue of the one before |
| `closed` | what is settled is not sent again, nothing is sealed before the number before is closed |
| `fences` | whoever has lost a lane writes nothing in it |
| `consent` | in the order of commits, nothing about a member is let out without a standing consent |
| `strangers` | nobody is named to a partner for whom there was no consent when it was let out |
| `withdrawals` | who must be forgotten is named for it within the bound, and each asking has its end |
| `resent` | sent again is only what something explains |
| `ledger_whole` | the ledger verifies |

ENGINE 7.2 (4). The promises are P1, P3, P4, P5, P8.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.journeys.chaos.history import History, Outage, Place, account_of

# After the database is back, connections and leases have to be found again.
RECOVERY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What is still right. `withdrawal` is from the revocation to the partner's door, without the
    time the database was away; `resent` how many files may have come more than once.
    """

    withdrawal: timedelta
    resent: int


def violations(history: History, bounds: Bounds) -> list[str]:
    """All that is wrong, a sentence each; of each rule by itself see below."""
    found = [f"{rule.__name__}: {said}" for rule in RULES for said in rule(history)]
    found += [f"withdrawals: {said}" for said in withdrawals(history, bounds.withdrawal)]
    return found + [f"resent: {said}" for said in resent(history, bounds.resent)]


# -- what partners hold ----------------------------------------------------------------------------


def lost(history: History) -> Iterator[str]:
    for partner in sorted(history.wanted.keys() | history.held.keys()):
        wanted, held = history.wanted.get(partner, {}), history.held.get(partner, {})
        for name in sorted(wanted.keys() - held.keys()):
            yield f"{partner} does not hold {name}"
        for name in sorted(held.keys() - wanted.keys()):
            yield f"{partner} holds {name}, who may not be there"
        for name in sorted(wanted.keys() & held.keys()):
            if wanted[name] != held[name]:
                yield f"{partner} holds {name} as {held[name]}, not as {wanted[name]}"
    for partner, blocked in history.waiting:
        yield f"a notice for {partner} still waits ({blocked or 'it could leave'})"
    for one in history.sealed:
        if one.state != "settled":
            yield f"{one.place} ended as {one.state}"


# -- numbers, bytes, chain -------------------------------------------------------------------------


def gaps(history: History) -> Iterator[str]:
    newest: dict[tuple[str, str, str], int] = {}
    for arrival in history.arrivals:
        at = arrival.place
        before = newest.get(at[:3], 0)
        if at.number > before + 1:
            yield f"{at} came when number {before} was the newest"
        newest[at[:3]] = max(before, at.number)


def images(history: History) -> Iterator[str]:
    kept = {one.place: one.digest for one in history.sealed}
    seen: dict[Place, str] = {}
    for arrival in history.arrivals:
        first = seen.setdefault(arrival.place, arrival.digest)
        if first != arrival.digest:
            yield f"{arrival.place} came with two contents, {first[:8]} and {arrival.digest[:8]}"
        elif arrival.digest != kept.get(arrival.place, arrival.digest):
            yield f"{arrival.place} came as {first[:8]} and is kept as {kept[arrival.place][:8]}"


def unannounced(history: History) -> Iterator[str]:
    kept = {one.place for one in history.sealed}
    let_out: dict[Place, list[datetime]] = defaultdict(list)
    for attempt in history.attempts:
        let_out[attempt.place].append(attempt.began_at)
    came: dict[Place, int] = defaultdict(int)
    for arrival in history.arrivals:
        at = arrival.place
        came[at] += 1
        if at not in kept:
            yield f"{at} came and the gateway knows nothing of it"
        elif came[at] > sum(began <= arrival.at for began in let_out[at]):
            yield f"{at} came {came[at]} times, more often than it had been let out"


def chain(history: History) -> Iterator[str]:
    newest: dict[tuple[Any, ...], tuple[int, str]] = {}
    for arrival in history.arrivals:
        at = arrival.place
        newest[at[:4]] = max(newest.get(at[:4], (0, "")), (at.issue, arrival.digest))
    for arrival in history.arrivals:
        at = arrival.place
        expected = newest.get((*at[:3], at.number - 1), (0, None))[1] if at.number > 1 else None
        if arrival.previous != expected:
            yield f"{at} does not name the digest of number {at.number - 1}"


def ledger_whole(history: History) -> Iterator[str]:
    if history.ledger_broken_at is not None:
        yield f"the ledger is broken at {history.ledger_broken_at}"


# -- who may write ---------------------------------------------------------------------------------


def closed(history: History) -> Iterator[str]:
    ended: set[tuple[Any, ...]] = set()
    for entry in history.entries:
        number = (entry.partner, entry.said.get("lane"), entry.said.get("batch"))
        if entry.kind == "receipt":
            ended.add(number)
        elif entry.kind in {"disclosed", "sent again"} and number in ended:
            yield f"{_named(number)} was let out again after its receipt, at {entry.position}"
        elif entry.kind == "disclosed" and entry.said["batch"] > 1:
            before = (*number[:2], entry.said["batch"] - 1)
            if before not in ended:
                yield f"{_named(number)} was let out before {_named(before)} had its receipt"


def fences(history: History) -> Iterator[str]:
    newest: dict[tuple[str, str], int] = {}
    for attempt in history.attempts:  # in the order in which they were let out
        lane = attempt.place[:2]
        if attempt.fence < newest.get(lane, 0):
            yield (
                f"{attempt.place} was let out, attempt {attempt.n}, under fence {attempt.fence} "
                f"when the lane was already at {newest[lane]}"
            )
        newest[lane] = max(newest.get(lane, 0), attempt.fence)


# -- consent ---------------------------------------------------------------------------------------


def consent(history: History) -> Iterator[str]:
    standing: dict[tuple[str, str], tuple[str, int, bool]] = {}
    says: dict[tuple[Any, ...], list[tuple[str, int]]] = {}
    for entry in history.entries:
        if entry.kind == "consents":
            for number, account, partner, event, at, *_ in entry.said["events"]:
                before = standing.get((partner, account))
                # Of two at one moment the revocation wins.
                if before is None or (at, event == "revoked") > (before[0], not before[2]):
                    standing[partner, account] = (at, number, event == "granted")
            continue
        if entry.kind not in {"disclosed", "sent again"} or entry.partner is None:
            continue
        issue = (entry.partner, entry.said["lane"], entry.said["batch"], entry.said["issue"])
        if entry.kind == "disclosed":
            says[issue] = [(line[0], line[3]) for line in entry.said["announced"]]
        for account, number in says.get(issue, []):
            _, newest, granted = standing.get((entry.partner, account), ("", 0, False))
            if not granted or newest != number:
                yield (
                    f"{_named(issue[:3])} said account {account} at {entry.position}, "
                    f"without the consent it stood on"
                )


def strangers(history: History) -> Iterator[str]:
    windows: dict[tuple[str, str], list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for one in history.permissions:
        windows[one.partner, one.account].append((one.since, one.until))
    began: dict[Place, list[datetime]] = defaultdict(list)
    for attempt in history.attempts:
        began[attempt.place].append(attempt.began_at)
    judged: set[Place] = set()
    for arrival in history.arrivals:
        if arrival.place in judged:
            continue
        judged.add(arrival.place)
        for _, _, name in arrival.announced:
            allowed = windows[arrival.place.partner, account_of(name)]
            # Let out at these moments; what came without being let out is judged by its coming.
            for at in began[arrival.place] or [arrival.at]:
                if not any(
                    since <= at and (until is None or at <= until) for since, until in allowed
                ):
                    yield f"{arrival.place}, let out at {at:%H:%M:%S.%f}, says {name}"


# -- withdrawals -----------------------------------------------------------------------------------


def lags(history: History) -> dict[str, timedelta | None]:
    """From each asking to forget until it stood at the partner's door; None: it never came."""
    first: dict[tuple[str, str], datetime] = {}
    for arrival in history.arrivals:
        for ref in arrival.withdrawn:
            first.setdefault((arrival.place.partner, ref), arrival.at)
    return {
        life.ref: None
        if (came := first.get((life.partner, life.ref))) is None
        else came - life.withdraw_since - _away(history.outages, life.withdraw_since, came)
        for life in history.lives
        if life.withdraw_since is not None
    }


def withdrawals(history: History, bound: timedelta) -> Iterator[str]:
    lives = {life.ref: life for life in history.lives}
    for ref, lag in lags(history).items():
        partner = lives[ref].partner
        if lag is None:
            yield f"{partner} was never asked to forget {ref}"
        elif lag > bound:
            yield f"{partner} was asked to forget {ref} after {lag.total_seconds():.1f} s"
        if lives[ref].gone_at is None:
            yield f"{partner} has not confirmed that {ref} is gone"
    for partner, answer in history.open:
        yield f"a revocation for {partner} is still {answer!r}"


def _away(outages: Any, since: datetime, until: datetime) -> timedelta:
    def overlap(one: Outage) -> timedelta:
        return max(min(one.ended + RECOVERY, until) - max(one.began, since), timedelta())

    return sum(map(overlap, outages), timedelta())


# -- duplicates ------------------------------------------------------------------------------------


def resent(history: History, budget: int) -> Iterator[str]:
    again = len(history.arrivals) - len({one.place for one in history.arrivals})
    if again > budget:
        yield f"{again} files came again, and no more than {budget} can be explained"


def _named(number: tuple[Any, ...]) -> str:
    partner, lane, batch = number
    return f"{partner} {lane} number {batch}"


RULES: tuple[Callable[[History], Iterator[str]], ...] = (
    lost,
    gaps,
    images,
    unannounced,
    chain,
    closed,
    fences,
    consent,
    strangers,
    ledger_whole,
)
