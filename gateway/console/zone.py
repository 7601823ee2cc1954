"""The zone in which somebody wants to read times: UTC, or the one they chose."""

from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from fastapi import Request

COOKIE: Final = "mrx-zone"
_UTC = ZoneInfo("UTC")
_AREAS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe"}
    | {"Indian", "Pacific"}
)


@cache  # reads a folder of files
def zones() -> tuple[str, ...]:
    """UTC, then every place by name."""
    places = (name for name in available_timezones() if name.partition("/")[0] in _AREAS)
    return ("UTC", *sorted(places))


def zone_of(request: Request) -> ZoneInfo:
    """Whatever the cookie says, if it is a zone."""
    chosen = request.cookies.get(COOKIE, "UTC")
    return ZoneInfo(chosen) if chosen in zones() else _UTC
