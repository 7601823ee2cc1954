"""One row of the table: what was measured, several times, and whether it holds.

    ratio    ours against a floor of the same run: sets `holds`, because machines differ and
             ratios do not
    figure   so many a second on this machine: a target beside it, and no verdict

The value of a row is the median of its runs; lowest and highest are shown beside it.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


class Wrong(Exception):
    """What was measured did not do its work, so how long it took says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`must` is what is demanded, in words; `holds` is None for a figure. `note` says what the
    reader needs besides: which clock, which size, where the time went.
    """

    name: str
    values: tuple[float, ...]
    unit: str
    must: str | None
    holds: bool | None
    note: str = ""

    @property
    def value(self) -> float:
        return statistics.median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        return min(self.values), max(self.values)


def at_most(
    name: str, values: Sequence[float], limit: float, *, of: str = "the floor", note: str = ""
) -> Row:
    """A ratio, a value a run, whose median must be no more than `limit`.

    >>> at_most("path", [2.9, 3.0, 9.9], 3).holds
    True
    """
    return _ratio(name, values, f"at most {limit:g}x {of}", most=limit, note=note)


def at_least(
    name: str, values: Sequence[float], limit: float, *, of: str = "the other", note: str = ""
) -> Row:
    """A ratio, a value a run, whose median must be no less than `limit`.

    >>> at_least("path", [29.9], 30).holds
    False
    """
    return _ratio(name, values, f"at least {limit:g}x {of}", least=limit, note=note)


def figure(
    name: str, values: Sequence[float], unit: str, *, target: str | None = None, note: str = ""
) -> Row:
    """An absolute figure of this machine; `target` is shown and judged by the reader."""
    must = None if target is None else f"target: {target}"
    return Row(name=name, values=_some(values), unit=unit, must=must, holds=None, note=note)


def check(what: str, found: object, wanted: object) -> None:
    """Raise `Wrong` unless the work was done as it should be."""
    if found != wanted:
        raise Wrong(f"{what}: {found}, not {wanted}")


def _ratio(
    name: str,
    values: Sequence[float],
    must: str,
    *,
    least: float = float("-inf"),
    most: float = float("inf"),
    note: str,
) -> Row:
    some = _some(values)
    holds = least <= statistics.median(some) <= most
    return Row(name=name, values=some, unit="x", must=must, holds=holds, note=note)


def _some(values: Sequence[float]) -> tuple[float, ...]:
    if not values:
        raise Wrong("nothing was measured")
    return tuple(values)
