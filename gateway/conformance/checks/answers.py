"""What an answer must be."""

from datetime import UTC, datetime, timedelta

from gateway.conformance.judgement import Failed
from gateway.conformance.run import Run
from outbox.transport import MEDIA_TYPE

CLOCK_MAX = timedelta(minutes=5)


def receipt(run: Run) -> str | None:
    """Signed under the pinned certificate, naming the digest of exactly this file."""
    _, said = run.apply(run.lane(), [run.member(), run.member()])
    run.holds(said, "the first batch was applied")
    return f"{run.roll.others} members of ours were there before" if run.roll.others else None


def duplicate(run: Run) -> None:
    """Byte for byte: a repeat after a lost answer must settle what the first one would have."""
    lane = run.lane()
    sent = lane.batch([run.member()])
    first = run.send(sent)
    run.judged(run.receipt(first, sent))
    run.applied(lane, sent)
    if run.send(sent).body != first.body:
        raise Failed("the same batch again got another receipt")


def media_type(run: Run) -> None:
    sent = run.lane().batch([run.member()])
    reply = run.send(sent)
    run.judged(run.receipt(reply, sent))
    run.roll.announce(sent.records)
    said = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said != MEDIA_TYPE:
        raise Failed(f"its Content-Type must be {MEDIA_TYPE}")


def clock(run: Run) -> str | None:
    """Both times it gives: in the receipt, and in the signature."""
    lane = run.lane()
    sent = lane.batch([run.member()])
    now = datetime.now(UTC)
    reply = run.send(sent)
    said = run.receipt(reply, sent)
    claimed = run.opened(reply).claimed_at
    run.roll.announce(sent.records)
    away = max(abs(at - now) for at in (said.at, claimed or said.at))
    if away > CLOCK_MAX:
        raise Failed(f"its clock is {away // timedelta(seconds=1):,} seconds away from ours")
    return None if claimed else "its signatures do not say when they were made"
