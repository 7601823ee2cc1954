"""A journey: an act of the console, from where somebody starts to what is seen and kept of it.

    Journey(pause, as an operator, from the overview)
        given   what must be so before, made by the product's own acts; it answers facts
        steps   Follow "kr-aeo" -> Follow "Pause…" -> Write the reason -> Press -> See "paused"
        kept    the entries of the ledger: which, and whose
        holds   what the database says then

Words in steps may name facts: "{name}". A journey says nothing of how somebody gets there: each is
gone by keyboard alone, and without script (`by_keyboard`, `without_script`).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from gateway import console
from gateway.identity.roles import Role
from tests.gateway.console.browser.ground import Facts, Ground

WHY = "because a journey says so"
_LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Follow:
    """A link of this name; or the first one in what `within` selects. Its page answers so."""

    name: str = ""
    within: str = ""
    answers: int = 200


@dataclass(frozen=True, slots=True)
class Press:
    """A button whose name has these words; another page is the answer."""

    name: str


@dataclass(frozen=True, slots=True)
class Download:
    """A button, or a link, whose answer is a file, which begins like this."""

    name: str
    begins: bytes
    link: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """Words into the field of this label."""

    label: str
    words: str


@dataclass(frozen=True, slots=True)
class Choose:
    """An option of the list of this label."""

    label: str
    option: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A box: the other way round than it is."""

    label: str


@dataclass(frozen=True, slots=True)
class Pick:
    """One of several that exclude each other."""

    label: str


@dataclass(frozen=True, slots=True)
class See:
    """The page says so."""

    words: str


@dataclass(frozen=True, slots=True)
class Note:
    """Remember what stands there, as a fact."""

    fact: str
    selector: str


@dataclass(frozen=True, slots=True)
class Sit:
    """Somebody else sits down, at a browser of their own: of a role, by name, or not signed in."""

    who: Role | str | None
    start: str = "/"


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Something happens that is nobody's at the console."""

    happens: Callable[[Ground, Facts], None]


Step = Follow | Press | Download | Write | Choose | Tick | Pick | See | Note | Sit | Meanwhile


def nothing(_ground: Ground) -> Facts:
    """What must be so before, where nothing must."""
    return {}


def always(_ground: Ground, _facts: Facts) -> bool:
    """What the database says, where it has nothing to say: a preference is a cookie."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """`does` are the routes that it posts to, each as the console's app has it."""

    name: str
    does: tuple[str, ...]
    role: Role | str | None
    steps: Sequence[Step]
    start: str = "/"
    given: Callable[[Ground], Facts] = nothing
    kept: Mapping[str, Role | str] | None = None
    holds: Callable[[Ground, Facts], bool] = always


def acts() -> frozenset[str]:
    """Every route of the console that is more than looking."""
    return frozenset(_acting())


def act_of(path: str) -> str | None:
    """The route that a form was sent to; None if it is none of the console's acts."""
    return next((act for act, form in _acting().items() if form.fullmatch(path)), None)


@cache
def _acting() -> Mapping[str, re.Pattern[str]]:
    app = console.build(None)  # no request comes
    acting = (route for route in _routes(app.routes) if set(route.methods) - _LOOKS)
    return {route.path: route.path_regex for route in acting}


def _routes(some: Iterable[Any]) -> Iterable[Any]:
    for one in some:
        if hasattr(one, "original_router"):
            yield from _routes(one.original_router.routes)
        elif getattr(one, "methods", None):
            yield one
