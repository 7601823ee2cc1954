"""What a line of members means, read by the letter of RFC 8259 and of docs/problems.md: slow, plain, and
sharing nothing with the reader it is held against but the list of countries.

A verdict is the member as it must be kept, or the codes of which one must be the rejection's: where
two things are wrong, either may be said.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Any

from schemas.countries import MID_PREFIXES

STATUSES = {"CERTIFIED", "VALIDATED", "EXCEEDING", "SUSPENDED", "REMOVED", "WITHDRAWN"}
SHAPES = {
    "SCAC": "[A-Z]{2,4}",
    "MID": "[A-Z]{2}[A-Z0-9]{1,13}",
    "ICR": "[0-9]{2}-[0-9]{7}[0-9A-HJ-NP-Y]{2}|[0-9]{6}-[0-9]{5}",
}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class WrongError(Exception):
    """It must be refused, with one of these codes."""

    def __init__(self, *codes: str) -> None:
        self.codes = {f"MRX-{code}" for code in codes}


class _Text:
    """One text of JSON, letter by letter. `twice`: a key was; `half`: a surrogate stood alone."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.twice = self.half = False

    def whole(self) -> Any:
        value = self._value()
        self._blank()
        if self.at != len(self.text):
            raise WrongError("1002")
        return value

    def _blank(self) -> None:
        while self.text[self.at : self.at + 1] in (" ", "\t", "\n", "\r"):
            self.at += 1

    def _take(self, *signs: str) -> str:
        """The next sign, which must be one of these."""
        self._blank()
        found = self.text[self.at : self.at + 1]
        if found not in signs or not found:
            raise WrongError("1002")
        self.at += 1
        return found

    def _next_is(self, sign: str) -> bool:
        self._blank()
        return self.text.startswith(sign, self.at)

    def _value(self) -> Any:
        self._blank()
        if self._next_is("{"):
            return self._object()
        if self._next_is("["):
            return self._list()
        if self._next_is('"'):
            return self._string()
        for word, value in _WORDS.items():
            if self._next_is(word):
                self.at += len(word)
                return value
        number = _NUMBER.match(self.text, self.at)
        if number is None:
            raise WrongError("1002")
        self.at = number.end()
        return 0

    def _object(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self._take("{")
        sign = self._take("}") if self._next_is("}") else ","
        while sign == ",":
            if not self._next_is('"'):
                raise WrongError("1002")
            key = self._string()
            self._take(":")
            self.twice |= key in found
            found[key] = self._value()
            sign = self._take(",", "}")
        return found

    def _list(self) -> list[Any]:
        found: list[Any] = []
        self._take("[")
        sign = self._take("]") if self._next_is("]") else ","
        while sign == ",":
            found.append(self._value())
            sign = self._take(",", "]")
        return found

    def _string(self) -> str:
        self._take('"')
        found: list[str] = []
        while (sign := self.text[self.at : self.at + 1]) != '"':
            if sign < " ":  # the end, too
                raise WrongError("1002")
            self.at += 1
            found.append(self._escape() if sign == "\\" else sign)
        self.at += 1
        joined = "".join(found).encode("utf-16-le", "surrogatepass")
        text = joined.decode("utf-16-le", "surrogatepass")
        self.half |= any("\ud800" <= letter <= "\udfff" for letter in text)
        return text

    def _escape(self) -> str:
        kind = self.text[self.at : self.at + 1]
        digits = re.compile("[0-9A-Fa-f]{4}").match(self.text, self.at + 1)
        if kind == "u" and digits:
            self.at += 5
            return chr(int(digits[0], 16))
        if kind not in _ESCAPES or not kind:
            raise WrongError("1002")
        self.at += 1
        return _ESCAPES[kind]


def lines(data: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Lines that are not blank: their number, and whether a line end stands behind."""
    parts = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for number, line in enumerate(parts, 1):
        if line.strip(b" \t\r"):
            yield number, line.removesuffix(b"\r"), number < len(parts)


def fields(line: bytes) -> dict[str, Any]:
    """The object of a line; raises `WrongError`."""
    try:
        text = _Text(line.decode())
    except UnicodeDecodeError:
        raise WrongError("1001", "1004", "1002") from None
    value = text.whole()
    if not isinstance(value, dict):
        raise WrongError("1002")
    if text.twice or text.half:
        raise WrongError(*["1003"] * text.twice, *["1004"] * text.half)
    return value


def member(told: dict[str, Any], today: date) -> dict[str, Any]:
    """The member as it must be kept; raises `WrongError` with all that is wrong."""
    account, status, kind = (told.get(key) for key in ("account", "status", "business_type"))
    if not isinstance(account, str) or not re.fullmatch("[0-9]{5,9}", account):
        raise WrongError("1101")
    if not isinstance(status, str) or status not in STATUSES:
        raise WrongError("1110")
    wrong: set[str] = set()
    found = {"account": account, "status": status, "business_type": None}
    for key, read in (("name", _name), ("identifiers", _identifiers), ("member_since", _day)):
        try:
            found[key] = read(told.get(key))
        except WrongError as error:
            wrong |= error.codes
    if kind is not None:
        if not isinstance(kind, str) or _unsayable(kind) or not 1 <= len(kind.strip()) <= 100:
            wrong.add("MRX-1114")
        else:
            found["business_type"] = kind.strip()
    if found.get("member_since", today) > today:
        wrong.add("MRX-1112")
    if wrong:
        raise WrongError(*(code.removeprefix("MRX-") for code in wrong))
    return found


def _unsayable(text: str) -> bool:
    return any((c < " " and c not in "\t\n\r") or c in "\ufffe\uffff" for c in text)


def _name(text: Any) -> str:
    if not isinstance(text, str):
        raise WrongError("1102")
    if _unsayable(text):
        raise WrongError("1104")
    kept = unicodedata.normalize("NFC", text)
    if len(kept) > 500:
        raise WrongError("1103")
    if all(unicodedata.category(c) in ("Zs", "Zl", "Zp", "Cc", "Cf") for c in kept):
        raise WrongError("1102")
    return kept


def _identifiers(numbers: Any) -> list[list[str]]:
    if not isinstance(numbers, list):
        raise WrongError("1105")
    return [list(pair) for pair in dict.fromkeys(map(_identifier, numbers))]


def _identifier(number: Any) -> tuple[str, str]:
    if not isinstance(number, dict):
        raise WrongError("1105")
    scheme, value = number.get("scheme"), number.get("value")
    scheme = "ICR" if scheme == "IOR" else scheme
    if not isinstance(scheme, str) or scheme not in SHAPES:
        raise WrongError("1106")
    if not isinstance(value, str):
        raise WrongError("1107")
    value = unicodedata.normalize("NFC", value)
    if not re.fullmatch(SHAPES[scheme], value):
        raise WrongError("1107", *["1108"] * (scheme == "ICR"))
    if scheme == "MID" and value[:2] not in MID_PREFIXES:
        raise WrongError("1109")
    return scheme, value


def _day(text: Any) -> date:
    if not isinstance(text, str) or not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise WrongError("1111")
    try:
        return date(*map(int, text.split("-")))
    except ValueError:
        raise WrongError("1111") from None
