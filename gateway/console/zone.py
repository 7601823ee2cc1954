"""The zone in which somebody wants to read times: UTC, or the one they chose."""

from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from fastapi import Request

COOKIE: Final = "mrx-zone"
_UTC = ZoneInfo("UTC")


def zone_of(request: Request) -> ZoneInfo:
    """Whatever the cookie says, if it is a zone."""
    chosen = request.cookies.get(COOKIE, "UTC")
    return ZoneInfo(chosen) if chosen in available_timezones() else _UTC
