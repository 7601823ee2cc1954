"""Answers over ASGI, good and bad: heard from the honest end, passed on, or broken off."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.types import Message, Receive, Send

from outbox.transport import MEDIA_TYPE

# How long an answer that never comes keeps a connection that nobody closes.
SILENT_SECONDS = 300
# Larger than any receipt may be, and larger than there is time for.
HUGE, ENDLESS = 5 << 20, 1 << 50
PIECE = 64 << 10


@dataclass(slots=True)
class Answer:
    """What the honest end said."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def hear(self, message: Message) -> None:
        """Take the place of an ASGI `send`."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


async def request(receive: Receive, *, bytes_max: int) -> tuple[bytes | None, Receive]:
    """The body of a request, None where it broke off on its way, and how the honest end may read it
    again. What goes beyond the limit is left for the honest end to refuse.
    """
    heard: list[Message] = []
    size, more = 0, True
    while more and size <= bytes_max:
        message = await receive()
        heard.append(message)
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    waiting = iter(heard)

    async def again() -> Message:
        message = next(waiting, None)
        return await receive() if message is None else message

    if heard[-1]["type"] == "http.disconnect":
        return None, again
    return b"".join(message.get("body", b"") for message in heard), again


async def pass_on(send: Send, answer: Answer) -> None:
    """The answer as it was meant."""
    start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
    await send(start)
    await send({"type": "http.response.body", "body": answer.body})


async def file(send: Send, content: bytes) -> None:
    """A 200 with this file."""
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(content))]
    await pass_on(send, Answer(200, headers, content))


async def failure(send: Send, status: int, *, retry_after: int | None = None) -> None:
    """A status without a body."""
    headers = [(b"content-length", b"0")]
    if retry_after is not None:
        headers.append((b"retry-after", b"%d" % retry_after))
    await pass_on(send, Answer(status, headers))


async def hang_up(send: Send, content: bytes) -> None:
    """Promise an answer, give half of `content`, and go: the server then cuts the connection,
    because less was said than was promised.
    """
    promised = b"%d" % max(len(content), 1)
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", promised)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    half = content[: len(content) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})


async def pour(receive: Receive, send: Send, *, size: int) -> None:
    """So many bytes of a file that has no meaning, or as many as are taken."""
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % size)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    gone = asyncio.ensure_future(never(receive))
    try:
        for left in range(size, 0, -PIECE):
            if gone.done():
                return
            piece = bytes(min(PIECE, left))
            await send({"type": "http.response.body", "body": piece, "more_body": left > PIECE})
            await asyncio.sleep(0)
    finally:
        gone.cancel()


async def never(receive: Receive) -> None:
    """Say nothing until the other side hangs up."""
    with suppress(TimeoutError):
        async with asyncio.timeout(SILENT_SECONDS):
            while (await receive())["type"] != "http.disconnect":
                pass
