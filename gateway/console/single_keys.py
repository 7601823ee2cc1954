"""Whether single keys do something: people who speak to their machine switch them off (WCAG 2.1.4)."""

from typing import Final

from fastapi import Request

COOKIE: Final = "mrx-keys"


def single_keys(request: Request) -> bool:
    """On, unless the cookie says "off"."""
    return request.cookies.get(COOKIE) != "off"
