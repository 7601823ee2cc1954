"""The fields of a signed request, and ways to doctor them."""

import re
from collections.abc import Callable

from httpx2 import Response

from signing.keys import SigningKey
from tests.gateway.api.doors import signature

URL = "/v1/partner/batches?limit=5"
INPUT = "Signature-Input"
Fields = list[tuple[str, str]]


def made(key: SigningKey, method: str = "GET", url: str = URL, **more: object) -> Fields:
    return list(signature(key, method, url, **more).items())  # type: ignore[arg-type]


def refused(answer: Response, code: str = "MRX-7011") -> None:
    assert (answer.status_code, answer.json()["code"]) == (401, code)


def get(fields: Fields, name: str) -> str:
    (found,) = [value for key, value in fields if key == name]
    return found


def put(fields: Fields, name: str, value: str) -> Fields:
    return [(key, value if key == name else old) for key, old in fields]


def swap(name: str, old: str, new: str) -> Callable[[Fields], Fields]:
    def change(fields: Fields) -> Fields:
        after = re.sub(old, new, get(fields, name), count=1)
        assert after != get(fields, name)
        return put(fields, name, after)

    return change


def without(name: str) -> Callable[[Fields], Fields]:
    return lambda fields: [one for one in fields if one[0] != name]


def twice(name: str, value: str | None = None) -> Callable[[Fields], Fields]:
    return lambda fields: [*fields, (name, value or get(fields, name))]
