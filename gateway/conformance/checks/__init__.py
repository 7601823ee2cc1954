"""The checklist, in the order in which it is run."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.conformance.checks import answers, limits, members, numbers, trust
from gateway.conformance.run import Run


@dataclass(frozen=True, slots=True)
class Check:
    """`run` returns what else is worth saying, if anything; see `gateway.conformance.judgement`."""

    name: str
    claim: str
    run: Callable[[Run], str | None]


CHECKS: tuple[Check, ...] = (
    Check("receipt", "a batch is answered by a receipt that verifies", answers.receipt),
    Check("duplicate", "the same batch again gets the same receipt", answers.duplicate),
    Check("media-type", "a receipt is called what it is", answers.media_type),
    Check("clock", "its receipts are dated now", answers.clock),
    Check("other-bytes", "other bytes under a number it has are refused", numbers.other_bytes),
    Check("gap", "a number further on is refused", numbers.gap),
    Check("chain", "a batch that names another predecessor is refused", numbers.chain),
    Check("higher-issue", "a higher issue replaces", numbers.higher_issue),
    Check("stale-issue", "an issue that was overtaken is not applied", numbers.stale_issue),
    Check("epoch", "a closed epoch stays closed", numbers.epoch),
    Check("unsigned", "an unsigned batch is refused", trust.unsigned),
    Check("changed-byte", "a batch with a changed byte is refused", trust.changed_byte),
    Check("stranger", "a batch signed by a key nobody pinned is refused", trust.stranger),
    Check("addressee", "a batch for somebody else is refused", trust.addressee),
    Check("sender", "a batch in another programme's name is refused", trust.sender),
    Check("announcements", "announced members are held", members.announcements),
    Check("older-version", "an older version is ignored", members.older_version),
    Check("withdrawal", "a withdrawal is carried out and confirmed", members.withdrawal),
    Check("not-held", "a withdrawal of an unknown member is answered", members.not_held),
    Check("tombstone", "a withdrawn member stays withdrawn", members.tombstone),
    Check("bad-record", "one bad record does not sink the others", members.bad_record),
    Check("miscounted", "a batch that counts wrong is not applied", members.miscounted),
    Check("too-large", "a file above the limit is refused at once", limits.too_large),
    Check("hostile", "a hostile document is refused at once", limits.hostile),
    Check("nonsense", "what is no file of ours is refused", limits.nonsense),
    Check("holdings", "its holdings digest is right", members.holdings),
    Check("cleaned", "all that was told is withdrawn in the end", members.cleaned),
    Check("problems", "refusals repeat nothing of what was sent", limits.problems),
)
