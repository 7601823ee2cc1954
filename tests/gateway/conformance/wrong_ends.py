"""Partner's ends that are wrong in ways the sandbox has no habit for: wrapped around a real one."""

from dataclasses import replace

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.sandbox import answering
from gateway.sandbox.answering import Answer

BYTES_MAX = 64 << 20


class WrongEnd:
    """Asks the honest end, and says `changed` of its answer."""

    def __init__(self, honest: ASGIApp) -> None:
        self._honest = honest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._honest(scope, receive, send)
            return
        body, again = await answering.request(receive, bytes_max=BYTES_MAX)
        answer = Answer()
        await self._honest(scope, again, answer.hear)
        await answering.pass_on(send, self.changed(answer, body or b""))

    def changed(self, answer: Answer, body: bytes) -> Answer:
        raise NotImplementedError


class Gullible(WrongEnd):
    """Turns nothing away: what it should refuse gets the last receipt again."""

    last = b"a receipt"

    def changed(self, answer: Answer, _body: bytes) -> Answer:
        if answer.status == 200:
            self.last = answer.body
            return answer
        headers = [(b"content-type", b"application/pkcs7-mime")]
        return Answer(200, [*headers, (b"content-length", b"%d" % len(self.last))], self.last)


class Indiscreet(WrongEnd):
    """Repeats in every refusal what it was sent."""

    def changed(self, answer: Answer, body: bytes) -> Answer:
        if answer.status == 200:
            return answer
        said = answer.body + body
        headers = [(name, value) for name, value in answer.headers if name != b"content-length"]
        return Answer(answer.status, [*headers, (b"content-length", b"%d" % len(said))], said)


class Plain(WrongEnd):
    """Calls whatever it answers a text."""

    def changed(self, answer: Answer, _body: bytes) -> Answer:
        headers = [(name, value) for name, value in answer.headers if name != b"content-type"]
        return replace(answer, headers=[*headers, (b"content-type", b"text/plain")])
