"""A file that is being sent, and whose sender goes away."""

import asyncio

import pytest
from fastapi import Request
from starlette.types import Message, Receive, Scope, Send

from gateway.api import body
from gateway.api.allowance import Allowance
from schemas.errors import Refused


def test_a_sender_that_goes_away_in_the_middle_is_no_fault_of_ours():
    messages: list[Message] = [
        {"type": "http.request", "body": b"half of", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(_: Message) -> None:
        pass

    async def door(scope: Scope, receive: Receive, _: Send) -> None:
        await body.file(Request(scope, receive), 100)

    scope = {"type": "http", "method": "POST", "headers": []}
    with pytest.raises(Refused) as refused:
        asyncio.run(Allowance(door)(scope, receive, send))

    assert refused.value.code == "MRX-4012"
