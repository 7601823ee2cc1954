"""Requests signed and believed, at one address."""

from datetime import datetime
from typing import Any

from signing.keys import SigningKey
from signing.request import signed, verify
from tests.signing.forge import NOW

URL = "https://customs.example/v1/partner/batches/next?lane=urgent&wait=5"
Headers = dict[str, str]


def made(key: SigningKey, **more: Any) -> Headers:
    return signed(key, "GET", URL, **({"to": "us-ctpat", "now": NOW} | more))


def believed(
    key: SigningKey,
    headers: Headers,
    *,
    method: str = "GET",
    url: str = URL,
    to: str = "us-ctpat",
    now: datetime = NOW,
) -> str:
    return verify(method, url, headers.items(), key.certificate, to=to, now=now)
