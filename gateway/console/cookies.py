"""Cookies: who is signed in, and who has been in this browser. For this host alone, and out of
scripts' reach.
"""

from typing import Final

from fastapi import Response

from gateway.console.page import COOKIE
from gateway.identity import device

DEVICE: Final = "__Host-mrx-device"


def hold(answer: Response, held: str) -> Response:
    """Let the browser hold a session from this answer on, in place of any before."""
    answer.set_cookie(COOKIE, held, secure=True, httponly=True, samesite="lax", path="/")
    return answer


def mark(answer: Response, held: str) -> Response:
    """Let the browser show next time that somebody has signed in there; it outlasts the session."""
    answer.set_cookie(
        DEVICE,
        held,
        max_age=int(device.LIFE.total_seconds()),
        secure=True,
        httponly=True,
        samesite="strict",
        path="/",
    )
    return answer


def drop(answer: Response) -> Response:
    """Let the browser forget it."""
    answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="lax", path="/")
    return answer
