"""A partner's inventory: what it says that it holds of us, or believes that we hold of it.

    GET /v1/partner/holdings                     count, digest, 256 sums, and its lanes
    GET /v1/partner/holdings/{bucket}            the references of one bucket
    GET /v1/partner/holdings/expected[/{bucket}] the same the other way round

Only the buckets that differ are asked for, so the list never travels. The answer is bound to the
partner by its TLS address and carries no signature: it may make us ask, tell and withdraw again,
but it settles nothing. Whatever does not have the shape below is refused whole.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from outbox.epochs import Sent, Taken
from outbox.repair import VERSION_TOP
from schemas import ref as refs
from schemas.batch import Lane
from schemas.errors import BadRequest
from schemas.holdings import BUCKETS, Bucket, Holdings, bucket_of, total

HELD = "/v1/partner/holdings"
EXPECTED = "/v1/partner/holdings/expected"
PAGE = 10_000
# Of one bucket: an end to a partner that never ends. All its buckets may hold 128 million.
_PAGES_MAX = 1_000
REFS_MAX = 500_000
_EPOCHS_MAX = 1_000
_DIGEST = re.compile(r"[0-9a-f]{64}")
_EPOCH = re.compile(r"[0-9a-f]{16}")
_CURSOR = re.compile(r"[A-Za-z0-9_-]{1,200}")

# Asks the partner for a path and a query, and returns the body of its answer.
Ask: TypeAlias = Callable[[str, str], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The 256 sums in order, and the lanes by which they came to be: how far we have come with
    what they sent (`sent`), or they with ours (`taken`).
    """

    buckets: tuple[Bucket, ...]
    taken: dict[Lane, dict[str, Taken]]
    sent: dict[Lane, Sent]

    @property
    def holdings(self) -> Holdings:
        return total(self.buckets)


@dataclass(frozen=True, slots=True)
class Entry:
    """One reference, as the partner has it; a withdrawn one, which it never takes again, has no
    leaf.
    """

    version: int
    leaf: bytes | None


def held(ask: Ask) -> Inventory:
    """What the partner holds of us. Raises `BadRequest` MRX-5019 for an answer that is none."""
    return _read(HELD, ask)


def expected(ask: Ask) -> Inventory:
    """What the partner believes that we hold of it."""
    return _read(EXPECTED, ask)


def bucket(ask: Ask, place: str, number: int) -> dict[str, Entry]:
    """The references of one bucket of `HELD` or `EXPECTED`, tombstones too."""
    found: dict[str, Entry] = {}
    query = ""
    for _ in range(_PAGES_MAX):
        page = _object(ask(f"{place}/{number}", query))
        items = page.get("items")
        if not isinstance(items, list):
            raise _not_so()
        for item in items:
            ref, entry = _entry(item, number)
            found[ref] = entry
        if len(found) > REFS_MAX:
            raise _not_so()
        cursor = page.get("next")
        if cursor is None:
            return found
        if not isinstance(cursor, str) or not _CURSOR.fullmatch(cursor):
            raise _not_so()
        query = f"after={cursor}"
    raise _not_so()


def _read(place: str, ask: Ask) -> Inventory:
    said = _object(ask(place, ""))
    try:
        buckets = _buckets(said["buckets"])
        taken: dict[Lane, dict[str, Taken]] = {kind: {} for kind in Lane}
        sent: dict[Lane, Sent] = {}
        if len(said["lanes"]) > _EPOCHS_MAX:
            raise _not_so()
        for lane in said["lanes"]:
            kind, epoch = Lane(lane["lane"]), _shape(_EPOCH, lane["epoch"])
            number = _whole(lane["number"], 1 << 62)
            if place == HELD:
                taken[kind][epoch] = Taken(
                    epoch=epoch,
                    current=lane["current"] is True,
                    number=number,
                    digest=_shape(_DIGEST, lane["digest"]),
                )
            else:
                digest = lane["digest"]
                sent[kind] = Sent(
                    epoch=epoch,
                    number=number,
                    digest=None if digest is None else _shape(_DIGEST, digest),
                )
        if (said["count"], said["digest"]) != (total(buckets).count, total(buckets).digest):
            raise _not_so()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _not_so() from error
    return Inventory(buckets=buckets, taken=taken, sent=sent)


def _buckets(said: list[dict[str, Any]]) -> tuple[Bucket, ...]:
    if [one["bucket"] for one in said] != list(range(BUCKETS)):
        raise _not_so()
    return tuple(
        Bucket(int(_shape(_DIGEST, one["sum"]), 16), _whole(one["count"], 1 << 40)) for one in said
    )


def _entry(item: Any, number: int) -> tuple[str, Entry]:
    try:
        ref, said = item["ref"], item["leaf"]
        leaf = None if said is None else bytes.fromhex(_shape(_DIGEST, said))
        if not refs.is_ref(ref) or bucket_of(ref) != number:
            raise _not_so()
        version = _whole(item["version"], VERSION_TOP)
    except (KeyError, TypeError, ValueError) as error:
        raise _not_so() from error
    return ref, Entry(version, leaf)


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _not_so() from error
    if not isinstance(said, dict):
        raise _not_so()
    return said


def _shape(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise _not_so()
    return text


def _whole(number: Any, top: int) -> int:
    if type(number) is not int or not 0 <= number <= top:
        raise _not_so()
    return number


def _not_so() -> BadRequest:
    return BadRequest("MRX-5019", answered="an inventory of another shape")
