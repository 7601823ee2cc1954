"""Our own loss: what a partner told us, held against what it believes that we hold.

    ask what it expects    256 sums, and the buckets that differ
    sort the references    we lack it | have it otherwise | have it unexpected | have buried it
    ask it to repair       resend-requests of at most 10,000 references; a lost place with the last

We change nothing here: what comes are ordinary batches. Doing it again finds what is still to come.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeAlias

import orjson
from sqlalchemy import Connection, select

from outbox import epochs, inventory
from outbox.epochs import Taken
from outbox.house import House
from outbox.inventory import Ask, Entry, Inventory
from partners import agreements, holdings
from partners.holdings import Side
from schemas.batch import Lane
from schemas.errors import BadRequest
from schemas.holdings import BUCKETS, bucket_of, total
from schemas.tables import inbound_lanes

RESEND = "/v1/partner/resend-requests"
REFS_MAX = 10_000  # a request

# Sends a JSON document to a path of the partner, and returns the body of its answer.
Post: TypeAlias = Callable[[str, bytes], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found, and what the partner said it will do about it (0 in a dry run)."""

    partner: str
    ours: int
    expected: int
    compared: int
    missing: int
    differing: int
    unknown: int
    withdrawn: int
    lost_place: tuple[str, ...]
    will_tell: int
    will_withdraw: int
    dry_run: bool

    @property
    def differs(self) -> bool:
        found = self.missing + self.differing + self.unknown + self.withdrawn
        return bool(found or self.lost_place)


@dataclass(slots=True)
class _Found:
    compared: int = 0
    missing: list[str] = field(default_factory=list)
    differing: list[tuple[str, int]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)


def ask_again(house: House, partner: str, ask: Ask, post: Post, *, dry_run: bool = False) -> Report:
    """Compare what we hold of the partner with what it expects, and ask it to repair.

    Raises `BadRequest`: MRX-5001 (no such partner), MRX-5019 or MRX-6001 (no answer that could be
    used).
    """
    with house.database.read() as tx:
        agreements.get(tx, partner)
    expects = inventory.expected(ask)
    # Ours is read after theirs: what they count as answered we had taken before.
    with house.database.read() as tx:
        ours = holdings.buckets(tx, partner, Side.THEIRS)
        taken = _taken(tx, partner)
    wanted = frozenset(n for n in range(BUCKETS) if ours[n] != expects.buckets[n])
    found = _Found()
    if wanted:
        with house.database.read() as tx:
            mine = _entries(tx, partner, wanted)
        for number in sorted(wanted):
            said = inventory.bucket(ask, inventory.EXPECTED, number)
            _sort(mine[number], said, found)
    lost = _lost(expects, taken)
    will_tell = will_withdraw = 0
    for request in [] if dry_run else _requests(found, lost):
        answer = _answer(post(RESEND, orjson.dumps(request)))
        will_tell += answer["told_again"]
        will_withdraw += answer["withdrawn"]
    return Report(
        partner=partner,
        ours=total(ours).count,
        expected=expects.holdings.count,
        compared=found.compared,
        missing=len(found.missing),
        differing=len(found.differing),
        unknown=len(found.unknown),
        withdrawn=len(found.withdrawn),
        lost_place=tuple(kind.value for kind in lost),
        will_tell=will_tell,
        will_withdraw=will_withdraw,
        dry_run=dry_run,
    )


def _entries(tx: Connection, partner: str, wanted: frozenset[int]) -> dict[int, dict[str, Entry]]:
    found: dict[int, dict[str, Entry]] = {number: {} for number in wanted}
    for one in holdings.theirs(tx, partner):
        if (number := bucket_of(one.ref)) in wanted:
            found[number][one.ref] = Entry(one.version, one.leaf)
    return found


def _sort(ours: dict[str, Entry], expects: dict[str, Entry], found: _Found) -> None:
    for ref in sorted(ours.keys() | expects.keys()):
        mine, meant = ours.get(ref), expects.get(ref)
        if meant is None and mine is not None and mine.leaf is None:
            continue  # buried at both ends
        found.compared += 1
        if mine is None:
            found.missing.append(ref)
        elif meant is None:
            found.unknown.append(ref)
        elif mine.leaf is None:
            found.withdrawn.append(ref)
        elif mine.leaf != meant.leaf:
            found.differing.append((ref, mine.version))


def _taken(tx: Connection, partner: str) -> dict[tuple[Lane, str], Taken]:
    query = select(inbound_lanes).where(inbound_lanes.c.partner == partner)
    return {
        (Lane(row.kind), row.epoch): Taken(
            epoch=row.epoch, current=row.current, number=row.number, digest=row.digest
        )
        for row in tx.execute(query)
    }


def _lost(expects: Inventory, taken: dict[tuple[Lane, str], Taken]) -> list[Lane]:
    """The lanes in which we do not know their last number. One number more is in flight."""
    lost = []
    for kind, sent in expects.sent.items():
        place = taken.get((kind, sent.epoch))
        on_its_way = place is not None and place.current and place.number == sent.number + 1
        if not on_its_way and not epochs.in_place(sent, place):
            lost.append(kind)
    return lost


def _requests(found: _Found, lost: list[Lane]) -> list[dict[str, Any]]:
    """Requests of at most `REFS_MAX` references; the lanes are named in the last."""
    named = [
        *(("missing", ref) for ref in found.missing),
        *(("differing", {"ref": ref, "version": version}) for ref, version in found.differing),
        *(("unknown", ref) for ref in found.unknown),
        *(("withdrawn", ref) for ref in found.withdrawn),
    ]
    requests: list[dict[str, Any]] = []
    left = iter(named)
    while some := list(islice(left, REFS_MAX)):
        request: dict[str, Any] = {}
        for what, item in some:
            request.setdefault(what, []).append(item)
        requests.append(request)
    if lost:
        requests = requests or [{}]
        requests[-1]["lost_place"] = [kind.value for kind in lost]
    return requests


def _answer(body: bytes) -> dict[str, int]:
    try:
        said = orjson.loads(body)
        counts = {name: said[name] for name in ("told_again", "withdrawn")}
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise _no_answer() from error
    # `type`, because True is an int too. How much they tell again beyond what was asked is theirs.
    if any(type(count) is not int or not 0 <= count < 1 << 63 for count in counts.values()):
        raise _no_answer()
    return counts


def _no_answer() -> BadRequest:
    return BadRequest("MRX-5019", answered="no answer to a resend-request")
