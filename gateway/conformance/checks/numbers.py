"""Numbers, issues, epochs and the chain (P5)."""

from dataclasses import replace
from datetime import timedelta

from gateway.conformance.judgement import Failed, refused
from gateway.conformance.lane import Lane
from gateway.conformance.run import Run

OTHER_DIGEST = "0" * 64


def other_bytes(run: Run) -> str | None:
    """A sealed batch never changes: a fork is refused, and nothing of it applied."""
    lane = run.lane()
    sent = lane.batch([run.member()])
    said = run.applied(lane, sent)
    later = sent.header.created + timedelta(seconds=1)
    other = lane.batch(
        [run.member()], number=sent.header.number, previous=sent.header.previous, created=later
    )
    answer = refused(run.send(other), "the same number and issue with other bytes")
    _unmoved(run, lane, said.held, "nothing of a fork is applied")
    return answer


def gap(run: Run) -> str | None:
    lane = run.lane()
    sent, said = run.apply(lane, [run.member()])
    skipping = lane.batch([run.member()], number=sent.header.number + 2)
    answer = refused(run.send(skipping), "number 3 after number 1")
    _unmoved(run, lane, said.held, "nothing behind a gap is applied")
    return answer


def chain(run: Run) -> str | None:
    lane = run.lane()
    _, said = run.apply(lane, [run.member()])
    strange = lane.batch([run.member()], previous=OTHER_DIGEST)
    answer = refused(run.send(strange), "a batch that names another one before it")
    _unmoved(run, lane, said.held, "nothing of it is applied")
    return answer


def higher_issue(run: Run) -> None:
    """Issue 2 says again, without the member that may not be told any more; absence from an issue
    deletes nothing.
    """
    lane = run.lane()
    stays, goes = run.member(), run.member()
    first = lane.batch([stays, goes])
    run.judged(run.receipt(run.send(first), first))
    run.roll.announce(first.records)
    newer = replace(stays, version=2)
    second = lane.batch([newer], issue=2, replaces=first.digest)
    run.holds(run.applied(lane, second), "an issue that replaces adds nobody and deletes nobody")


def stale_issue(run: Run) -> str | None:
    """An issue that arrives after the one that replaced it: the newest receipt, or a refusal."""
    lane = run.lane()
    stays, revoked = run.member(), run.member()
    first = lane.batch([stays, revoked])
    second = lane.batch([stays], issue=2, replaces=first.digest)
    said = run.applied(lane, second)
    run.holds(said, "issue 2 was applied")
    reply = run.send(first)
    if reply.status == 200:
        run.receipt(reply, second)
        answer = "it answers with the newest receipt"
    else:
        answer = refused(reply, "an issue that was overtaken")
    _unmoved(run, lane, said.held, "an overtaken issue is not applied")
    return answer


def epoch(run: Run) -> str | None:
    """A gateway that was restored opens a new epoch: from then on the old one is over."""
    old = run.lane()
    run.apply(old, [run.member()])
    lane = run.lane()
    _, said = run.apply(lane, [run.member()])
    answer = refused(run.send(old.batch([run.member()])), "a number of a closed epoch")
    _unmoved(run, lane, said.held, "nothing of a closed epoch is applied")
    return answer


def _unmoved(run: Run, lane: Lane, held: int | None, why: str) -> None:
    """The lane goes on with the batch that is next: one more member, and it holds one more."""
    _, said = run.apply(lane, [run.member()])
    if held is not None and said.held is not None and said.held != held + 1:
        raise Failed(f"{why}: it must hold {held + 1} members, and says {said.held}")
