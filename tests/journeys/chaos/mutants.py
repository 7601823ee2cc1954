"""What the product must not be without, left out: each mutant must make a storm fail.

    fence     whoever has lost a lane goes on writing in it                  (ENGINE 7.3, M3)
    consent   the release does not look again at what the draft rests on     (M1)
    attempt   number, attempt and first sending are committed after the answer, not before the
              first byte                                                     (M4)

A mutant is the product's own text with some lines changed as it is imported, in the processes of
one storm only; text that is not there any more is an error, not a mutant that does nothing. `none`
changes nothing. Terms that are too long for a storm are made shorter in all of them, and the first
draft of all can be made to wait at a gate.

    MRX_CHAOS=name  MRX_CHAOS_REQUEST, MRX_CHAOS_LEASE=seconds  MRX_CHAOS_GATE=folder
"""

import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

Texts = Mapping[str, Sequence[tuple[str, str]]]

# Whoever lost a lane has an older fence than its row.
_OLDER = ('lanes.c.fence == bindparam("under")', 'lanes.c.fence >= bindparam("under")')
NOT_FENCED: Texts = {
    "outbox.release": [_OLDER],
    "outbox.claiming": [_OLDER],
    "outbox.lane": [_OLDER],
}
CONSENT_NOT_READ: Texts = {
    "outbox.release": [
        ("if len(now_so) != len(meant):", "if False:"),
        ("if meant.get(account) != basis(row, gate):", "if False:"),
        ("if flying.stale or select_again(tx, house, gate, flying).untrue:", "if False:"),
    ]
}
MUTANTS: Mapping[str, Texts] = {
    "none": {},
    "fence": NOT_FENCED,
    "consent": CONSENT_NOT_READ,
    "attempt": {},
}


def environment(name: str, *, request: float, lease: float) -> dict[str, str]:
    """What makes a process, and the processes it starts, this mutant."""
    here = Path(__file__).resolve().parent
    return {
        "MRX_CHAOS": name,
        "MRX_CHAOS_REQUEST": str(request),
        "MRX_CHAOS_LEASE": str(lease),
        # site/sitecustomize.py calls `apply` as the interpreter starts.
        "PYTHONPATH": os.pathsep.join([str(here / "site"), str(here.parents[2])]),
    }


def apply(name: str) -> None:
    """Make this process the mutant. To be called before the product is imported."""
    texts = MUTANTS[name]
    assert not texts.keys() & sys.modules.keys(), "too late: imported already"
    sys.meta_path.insert(0, _Finder(texts))
    _hasten()
    if name == "attempt":
        _commit_late()
    if gate := os.environ.get("MRX_CHAOS_GATE"):
        _wait_at(Path(gate))


class _Finder(MetaPathFinder):
    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in self._texts:
            return None
        spec = PathFinder.find_spec(name, path, target)
        assert spec is not None, name
        assert spec.origin is not None, name
        spec.loader = _Loader(name, spec.origin, self._texts[name])
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, texts: Sequence[tuple[str, str]]) -> None:
        super().__init__(name, path)
        self._texts = texts

    def get_code(self, _fullname: str) -> Any:
        """From the source, never from a cache, and into none."""
        return self.source_to_code(self.get_data(self.path), self.path)

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> Any:
        text = bytes(data).decode()
        for honest, wrong in self._texts:
            assert text.count(honest) == 1, f"{path} does not say: {honest}"
            text = text.replace(honest, wrong)
        return super().source_to_code(text.encode(), path, _optimize=_optimize)


def _hasten() -> None:
    from gateway.settings import Settings

    honest = Settings.terms.fget
    short = {
        "request_deadline": timedelta(seconds=float(os.environ["MRX_CHAOS_REQUEST"])),
        "lease": timedelta(seconds=float(os.environ["MRX_CHAOS_LEASE"])),
    }
    Settings.terms = property(lambda self: replace(honest(self), **short))


def _commit_late() -> None:
    from outbox import claiming
    from outbox.delivery import Delivery
    from outbox.issuing import Claim

    release, step = claiming.release, Delivery.step
    own = threading.local()

    class Sent:
        """What was sent inside the transaction is not sent again after it."""

        def send(self, _url: str, _file: bytes) -> Any:
            return own.outcome

    def released(tx: Any, house: Any, **more: Any) -> Any:
        claim = release(tx, house, **more)
        if isinstance(claim, Claim):
            own.outcome = own.transport.send(claim.push_url, claim.file)
        return claim

    def stepped(self: Delivery, taken: Any) -> Any:
        own.transport = self.transport
        return step(replace(self, transport=Sent()), taken)

    claiming.release = released
    Delivery.step = stepped


def _wait_at(gate: Path) -> None:
    """The first draft that announces somebody waits, made and not yet released, for `go`."""
    from outbox import planning
    from outbox.draft import Draft

    plan = planning.plan

    def planned(*words: Any, **more: Any) -> Any:
        made = plan(*words, **more)
        if isinstance(made, Draft) and made.lines:
            try:
                (gate / "drafted").mkdir()
            except FileExistsError:
                return made
            until = time.monotonic() + 20
            while not (gate / "go").exists() and time.monotonic() < until:
                time.sleep(0.01)
        return made

    planning.plan = planned
