r"""One JSON object a line, read strictly (RFC 8259).

What two readers could read in two ways is rejected. The fast path is orjson, which keeps the last of two equal keys and does not say so. Therefore its
word counts only if writing the value again gives the same bytes: then nothing was left out. Every
other line, also a good one with blanks or escapes, is read by the standard library, key by key.

>>> parse(b'{"account": "31614261", "name": "\\ud55c"}')
{'account': '31614261', 'name': '한'}
>>> parse(b'{"account": "31614261", "account": "31614262"}')
Traceback (most recent call last):
    ...
schemas.errors.BadRecord: MRX-1003 a key occurs twice in the object; keep one of the two
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import NoReturn

import orjson

from gateway.intake.lines import LINE_BYTES_MAX, Line, Source, lines, text
from gateway.intake.shape import Entry, Shape
from schemas.errors import BadRecord


def entries(source: Source, shape: Shape) -> Iterator[Entry]:
    """Every line that is not blank, as an object or as the fault for which it is none."""
    return (entry(line, shape) for line in lines(source))


def entry(line: Line, shape: Shape) -> Entry:
    """One line, as an object or as the fault for which it is none."""
    number, data, ended, too_long = line
    if too_long:
        fault = BadRecord("MRX-1005", limit_bytes=LINE_BYTES_MAX)
        return Entry(number, None, fault, None, 0, ended)
    try:
        fields = parse(data)
    except BadRecord as fault:
        cut_off = not ended and data.lstrip()[:1] == b"{" and data.rstrip()[-1:] != b"}"
        told = BadRecord("MRX-1008") if cut_off else fault
        return Entry(number, None, told, account_of(data), 0, ended)
    return Entry(number, fields, None, None, shape.dropped(fields), ended)


def parse(data: bytes) -> dict[str, object]:
    """Return the object of one line, or raise `BadRecord`.

    MRX-1001: not UTF-8. MRX-1002: not one object, or one nested too deeply to be read. MRX-1003: a
    key twice in one object, at any depth. MRX-1004: half a surrogate pair, also as an escape.
    Numbers beyond the range of a double are JSON; what they come out as is not specified, since no
    field of ours takes a number.
    """
    framed = _is_framed(data)
    try:
        if framed:
            value = orjson.loads(data)
            if type(value) is dict and orjson.dumps(value) == data:
                return value
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        pass  # the slow path finds out why, or reads what orjson will not: huge numbers, depth
    line = text(data)
    if not framed:
        raise BadRecord("MRX-1002")
    return _parse_key_by_key(line)


def account_of(data: bytes) -> object:
    """What a line that `parse` rejected says of its account; None if that is not beyond doubt.

    It reads past broken characters and doubled keys, but not past two accounts.
    """
    if not _is_framed(data):
        return None
    try:
        pairs = _PAIRS.decode(data.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(pairs, tuple):
        return None
    accounts = [value for key, value in pairs if key == "account"]
    return accounts[0] if len(accounts) == 1 else None


def _is_framed(data: bytes) -> bool:
    """Whether it could be an object. Where a file is no file of lines there may be a million that are
    none: most are seen to be none by their first and last byte, which halves their cost.
    """
    return data.lstrip(_SPACE)[:1] == b"{" and data.rstrip(_SPACE)[-1:] == b"}"


def _parse_key_by_key(line: str) -> dict[str, object]:
    try:
        value = _decode(_UNIQUE, line)
    except _DoubledKey:
        if not isinstance(_decode(_PAIRS, line), tuple):  # a list of them, or cut off after it
            raise BadRecord("MRX-1002") from None
        raise BadRecord("MRX-1003") from None
    if not isinstance(value, dict):
        raise BadRecord("MRX-1002")
    if any(escape["lone"] for escape in _ESCAPE.finditer(line)):
        raise BadRecord("MRX-1004")
    return value


def _decode(decoder: json.JSONDecoder, line: str) -> object:
    try:
        return decoder.decode(line)
    except RecursionError:
        raise BadRecord("MRX-1002", nesting="too deep") from None
    except ValueError:
        raise BadRecord("MRX-1002") from None


_SPACE = b" \t\n\r"


class _DoubledKey(Exception):
    pass


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _DoubledKey
    return fields


def _number(_digits: str) -> int:
    return 0  # never used, and int() of ten thousand digits is refused by Python itself


def _no_number(_word: str) -> NoReturn:
    raise ValueError  # NaN, Infinity: Python's dialect, not JSON


def _decoder(hook: Callable[[list[tuple[str, object]]], object]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=hook, parse_int=_number, parse_float=_number, parse_constant=_no_number
    )


_UNIQUE = _decoder(_unique)
_PAIRS = _decoder(tuple)
# In text that is JSON a backslash always begins an escape, so that walking from escape to escape
# tells \ud800 from \\ud800. Matched in this order: a pair, half a pair, any other.
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\."
)
