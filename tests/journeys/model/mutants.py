"""What the product must not be without, left out in this process while a block lasts.

    consent     the release does not look again at what the draft rests on          (ENGINE 7.3, M1)
    receipt     whatever receipt comes back settles what was sent                   (M11)
    told        only what was confirmed counts as told                              (M6)
    worse       a lower status is no bad news
    pause       a pause stops withdrawals, too                                      (M16)
    received    "it has come" is taken for "we hold it"
    attempt     what leaves is written down after the answer, not before            (M4)
    fence       whoever has lost a lane goes on writing in it                       (M3)
    tombstone   the receiver does not remember whom it has forgotten                (M15)

A mutant is the product's own text with some of it changed: the functions and statements that hold
the text are made anew from it and put in the place of the honest ones. Text that is not there any
more is an error, not a mutant that does nothing.
"""

import ast
import importlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import FunctionType, ModuleType
from typing import Any
from unittest.mock import patch

from outbox import claiming
from outbox.delivery import Delivery
from tests.journeys.chaos import mutants as chaos
from tests.journeys.chaos.mutants import CONSENT_NOT_READ, NOT_FENCED, Texts

MUTANTS: Mapping[str, Texts] = {
    "consent": CONSENT_NOT_READ,
    "receipt": {
        "outbox.receipts": [
            (
                "    if found is None or expected not in (None, found.id):\n",
                (
                    "    if expected is not None:\n"
                    "        return batches_.get(tx, expected)\n"
                    "    if found is None:\n"
                ),
            )
        ]
    },
    "told": {
        "outbox.revocations": [
            (
                "for life in lives if life.withdraw_since is None]",
                "for life in lives if life.withdraw_since is None and life.held_version]",
            )
        ]
    },
    "worse": {
        "outbox.candidate": [("if status.rank < Status(found.best_status).rank:", "if False:")]
    },
    "pause": {
        "outbox.release": [
            (
                "    if lane.paused:\n        return Closed(None)\n",
                (
                    "    theirs = (lanes.c.partner == lane.partner) & (lanes.c.kind == Lane.ROUTINE)\n"
                    "    if tx.scalar(select(lanes.c.paused).where(theirs)):\n"
                    "        return Closed(None)\n"
                ),
            )
        ]
    },
    "received": {
        "outbox.receipts": [
            (
                "        target = State.RECEIVED\n    elif",
                (
                    "        target = State.SETTLED\n"
                    "        _confirm(tx, batch, frozenset(), now)\n"
                    "    elif"
                ),
            )
        ]
    },
    "attempt": {},
    "fence": {room: NOT_FENCED[room] for room in ("outbox.release", "outbox.claiming")},
    "tombstone": {
        "partners.foreign_news": [
            (
                "(there.gone_at is None and there.version < record.version)",
                "there.gone_at is not None or there.version < record.version",
            )
        ]
    },
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """This process is the mutant while the block lasts."""
    with ExitStack() as until:
        if name == "attempt":
            until.enter_context(patch.object(claiming, "release", claiming.release))
            until.enter_context(patch.object(Delivery, "step", Delivery.step))
            chaos._commit_late()
        for room, texts in MUTANTS[name].items():
            module = importlib.import_module(room)
            for honest, made in _changed(module, texts):
                until.enter_context(_in_place_of(module, honest, made))
        yield


def _changed(module: ModuleType, texts: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Any]]:
    """The names of the module that hold changed text, with what they are then."""
    text = inspect.getsource(module)
    named = set()
    for honest, wrong in texts:
        assert text.count(honest) == 1, f"{module.__name__} does not say: {honest}"
        named.add(_holding(text, text[: text.index(honest)].count("\n") + 1))
        text = text.replace(honest, wrong)
    made: dict[str, Any] = {"__name__": module.__name__}
    exec(compile(text, f"<mutant of {module.__name__}>", "exec"), made)
    for name in sorted(named):
        yield name, made[name]


def _holding(text: str, line: int) -> str:
    """The name of the function, or of the statement, that stands at a line."""
    for node in ast.parse(text).body:
        if node.lineno <= line <= (node.end_lineno or 0):
            if isinstance(node, ast.FunctionDef):
                return node.name
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                return node.targets[0].id
    raise AssertionError(f"nothing with a name stands at line {line}")


@contextmanager
def _in_place_of(module: ModuleType, name: str, made: Any) -> Iterator[None]:
    honest = getattr(module, name)
    if not isinstance(honest, FunctionType):
        with patch.object(module, name, made):
            yield
        return
    # Its code alone: other modules hold the function itself.
    code = honest.__code__
    honest.__code__ = made.__code__
    try:
        yield
    finally:
        honest.__code__ = code
