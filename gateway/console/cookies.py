"""The cookie that says who is signed in: opaque, for this host alone, and out of scripts' reach."""

from fastapi import Response

from gateway.console.page import COOKIE


def hold(answer: Response, held: str) -> Response:
    """Let the browser hold a session from this answer on, in place of any before."""
    answer.set_cookie(COOKIE, held, secure=True, httponly=True, samesite="lax", path="/")
    return answer


def drop(answer: Response) -> Response:
    """Let the browser forget it."""
    answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="lax", path="/")
    return answer
