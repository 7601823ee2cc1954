"""What each single fault does to one transmission, in one table; a pair's verdict follows from it.

    outcome    what the book says of the attempt. "receipt" settles; after anything else the batch
               is unknown, or sealed where they asked us to wait ("not now")
    got        they have the batch when it is over, whether we know it or not
    hasty      it ends by our deadline and by nothing else
    either     the request arrives two times, and only one of them meets the habit

Whatever met a batch before, only two habits depend on it: what has been applied already is not
refused any more, but answered as it was (`refusing`, `picky`).
"""

from dataclasses import dataclass

from gateway.sandbox.habits import BRINGING, Habit
from tests import faults, spoiling
from tests.faults import spoiled
from tests.proxy import Fault

RECEIPT, NO_RECEIPT, NO_ANSWER = "receipt", "no receipt", "no answer"
TURNED_AWAY, NOT_NOW = "turned away", "not now"
UNANSWERED = frozenset({NO_RECEIPT, NO_ANSWER, TURNED_AWAY, NOT_NOW})

DRIP_SECONDS, DELAY_SECONDS = 0.005, 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Evil:
    """One fault: of the wire, or a habit."""

    name: str
    outcome: str
    got: bool
    hasty: bool = False
    wire: Fault | None = None
    habit: str = "honest"
    either: bool = False

    @property
    def heard(self) -> bool:
        """Whether a receipt comes through."""
        return self.outcome == RECEIPT


def _wire(name: str, fault: Fault, outcome: str, *, got: bool, hasty: bool = False) -> Evil:
    return Evil(name=name, wire=fault, outcome=outcome, got=got, hasty=hasty)


def _habit(habit: Habit, outcome: str, *, got: bool, hasty: bool = False) -> Evil:
    return Evil(name=habit.value, habit=habit.value, outcome=outcome, got=got, hasty=hasty)


THERE, BACK = {"reached": False}, {"reached": True}
ELSEWHERE = "http://127.0.0.1:9/elsewhere"

# The twins side by side: they never got it, and they got it and we never heard.
WIRE = [
    _wire("delayed", faults.delayed(DELAY_SECONDS), RECEIPT, got=True),
    _wire("late", faults.late, NO_ANSWER, got=False, hasty=True),
    _wire("silent there", faults.silent(**THERE), NO_ANSWER, got=False, hasty=True),
    _wire("silent back", faults.silent(**BACK), NO_ANSWER, got=True, hasty=True),
    _wire("cut there", faults.cut(0.6, **THERE), NO_ANSWER, got=False),
    _wire("cut back", faults.cut(0.6, **BACK), NO_ANSWER, got=True),
    _wire("half-closed there", faults.half_closed(0.6, **THERE), NO_ANSWER, got=False),
    _wire("half-closed back", faults.half_closed(0.6, **BACK), NO_ANSWER, got=True),
    _wire("flipped there", faults.flipped(0.8, **THERE), TURNED_AWAY, got=False),
    _wire("flipped back", faults.flipped(0.8, **BACK), NO_RECEIPT, got=True),
    _wire("too long there", faults.overlong, NO_ANSWER, got=False),
    _wire("too long back", spoiled(spoiling.too_long, **BACK), NO_ANSWER, got=True),
    _wire("too short there", faults.curtailed, TURNED_AWAY, got=False),
    _wire("too short back", spoiled(spoiling.too_short, **BACK), NO_RECEIPT, got=True),
    _wire("endless there", faults.endless_body(**THERE), NO_ANSWER, got=False),
    _wire("endless back", faults.endless_body(**BACK), NO_ANSWER, got=True),
    _wire(
        "drip there",
        faults.dripping(every=DRIP_SECONDS, **THERE),
        NO_ANSWER,
        got=False,
        hasty=True,
    ),
    _wire(
        "drip back", faults.dripping(every=DRIP_SECONDS, **BACK), NO_ANSWER, got=True, hasty=True
    ),
    _wire("doubled", faults.doubled, RECEIPT, got=True),
    _wire("refused", faults.refuse, NO_ANSWER, got=False),
]

# Other spellings of the same, and of what HTTP allows: singly in every run, and in pairs where all
# are asked for.
SPELLINGS = [
    *(
        _wire(
            f"{change.__name__} {way}",
            spoiled(change, reached=reached),
            back if reached else there,
            got=reached,
        )
        for change, there, back in (
            # Where they never got it, the answer is an old one: a receipt, of another batch.
            (spoiling.no_length, NO_RECEIPT, RECEIPT),
            (spoiling.chunked, NO_RECEIPT, RECEIPT),
            (spoiling.continued, NO_RECEIPT, RECEIPT),
            (spoiling.chunked_and_sized, NO_RECEIPT, RECEIPT),
            (spoiling.twice, NO_RECEIPT, RECEIPT),
            (spoiling.too_short, NO_RECEIPT, NO_RECEIPT),
            (spoiling.too_long, NO_ANSWER, NO_ANSWER),
            (spoiling.two_lengths, NO_ANSWER, NO_ANSWER),
            (spoiling.worded_length, NO_ANSWER, NO_ANSWER),
            (spoiling.negative_length, NO_ANSWER, NO_ANSWER),
            (spoiling.endless_length, NO_ANSWER, NO_ANSWER),
            (spoiling.garbage, NO_ANSWER, NO_ANSWER),
            (spoiling.misnumbered_chunks, NO_ANSWER, NO_ANSWER),
            (spoiling.switched, NO_ANSWER, NO_ANSWER),
            (spoiling.portal, NO_RECEIPT, NO_RECEIPT),
            (spoiling.bomb, NO_RECEIPT, NO_RECEIPT),
            (spoiling.redirect(ELSEWHERE), TURNED_AWAY, TURNED_AWAY),
        )
        for reached, way in ((False, "there"), (True, "back"))
    ),
    *(
        _wire(f"{make.__name__} {way}", make(reached=reached), NO_ANSWER, got=reached)
        for make in (
            faults.endless_headers,
            faults.endless_header,
            faults.endless_trailers,
        )
        for reached, way in ((False, "there"), (True, "back"))
    ),
    *(
        _wire(f"{make.__name__} {way}", make(reached=reached), NO_ANSWER, got=reached, hasty=True)
        for make in (faults.endless_chunks, faults.endless_continue)
        for reached, way in ((False, "there"), (True, "back"))
    ),
]

HABITS = [
    _habit(Habit.SLOW, NO_ANSWER, got=True, hasty=True),
    _habit(Habit.SILENT, NO_ANSWER, got=True, hasty=True),
    _habit(Habit.DEAF, NO_ANSWER, got=False),
    _habit(Habit.CUT, NO_ANSWER, got=True),
    _habit(Habit.BUSY, NOT_NOW, got=False),
    _habit(Habit.ERROR, NO_ANSWER, got=True),
    _habit(Habit.REFUSE_ERROR, NO_ANSWER, got=False),
    _habit(Habit.PICKY, RECEIPT, got=True),
    _habit(Habit.REFUSING, RECEIPT, got=True),
    _habit(Habit.UNSIGNED, NO_RECEIPT, got=True),
    _habit(Habit.STRANGER, NO_RECEIPT, got=True),
    _habit(Habit.WRONG_DIGEST, NO_RECEIPT, got=True),
    _habit(Habit.WRONG_NUMBER, NO_RECEIPT, got=True),
    _habit(Habit.MISCOUNTING, RECEIPT, got=True),
    _habit(Habit.WISHFUL, RECEIPT, got=True),
    _habit(Habit.RECEIVED, RECEIPT, got=True),
    _habit(Habit.REPLAY, NO_RECEIPT, got=True),
    _habit(Habit.DUPLICATE, RECEIPT, got=True),
    _habit(Habit.SKEWED, RECEIPT, got=True),
    _habit(Habit.FORGETFUL, RECEIPT, got=True),
    _habit(Habit.TOMBLESS, RECEIPT, got=True),
    _habit(Habit.HEARSAY, NO_RECEIPT, got=True),
    _habit(Habit.EXPIRED, NO_RECEIPT, got=True),
    _habit(Habit.HUGE, NO_ANSWER, got=True),
    _habit(Habit.ENDLESS, NO_ANSWER, got=True),
    _habit(Habit.DEEP, NO_RECEIPT, got=True),
]

# Where a request does not get as far as any habit, both at once are the one alone.
MEETING = [wire for wire in WIRE if wire.got]

# What these leave to a person, and how it is called then. All others are over by themselves.
WAITS = {Habit.PICKY.value: "MRX-2210", Habit.REFUSING.value: "MRX-2211"}
FORGETS = frozenset({Habit.FORGETFUL.value})
BRINGS = frozenset(habit.value for habit in BRINGING)


def both(wire: Evil, habit: Evil) -> Evil:
    """The two in the same exchange: the wire spoils what the partner says, if it says anything.

    A receipt comes through only where each alone lets one through. Otherwise which of the two is
    to blame is no matter: the outcome is one of `UNANSWERED`, told here by `wire`'s.
    """
    return Evil(
        name=f"{wire.name} + {habit.name}",
        wire=wire.wire,
        habit=habit.habit,
        outcome=habit.outcome if wire.heard else wire.outcome,
        got=wire.got and habit.got,
        hasty=wire.hasty or habit.hasty,
        either=wire.wire is faults.doubled,
    )
