"""Identifiers of companies: one module a scheme, and the type that holds a valid one.

A wrong shape rejects. A failed check digit only warns: real registers hold such numbers
(domain/partners.md section 4).

>>> identifier("KR-BRN", "999-81-99992")
Identifier(scheme='KR-BRN', value='9998199992')
>>> identifier("IOR", "12-3456789AB")
Identifier(scheme='ICR', value='12-3456789AB')
>>> warnings(Identifier("KR-BRN", "9998199993")), warnings(Identifier("SCAC", "QXQU"))
(('MRX-1902',), ('MRX-1903',))
>>> Identifier("KR-BRN", "999-81-99992")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

from dataclasses import dataclass

from schemas.errors import BadIdentifier
from schemas.identifiers.schemes import ALIASES, CHECKS, SCHEMES, UNUSUAL, Scheme, parse
from schemas.identifiers.verdicts import Verdict, verdict

__all__ = ("SCHEMES", "Identifier", "Scheme", "Verdict", "identifier", "verdict", "warnings")


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """A number and the scheme it belongs to, in the scheme's one canonical form.

    Valid by construction: any other spelling raises `BadIdentifier`. Use `identifier` for what
    was received.
    """

    scheme: str
    value: str

    def __post_init__(self) -> None:
        scheme = SCHEMES.get(self.scheme)
        if scheme is None:
            raise BadIdentifier("MRX-1106")
        if scheme.parse(self.value) != self.value:
            raise BadIdentifier("MRX-1107", scheme=self.scheme)

    @classmethod
    def kept(cls, scheme: str, value: str) -> "Identifier":
        """One from our own database, parsed when it was taken in: not parsed again."""
        made = object.__new__(cls)
        object.__setattr__(made, "scheme", scheme)
        object.__setattr__(made, "value", value)
        return made


def identifier(scheme: str, text: str) -> Identifier:
    """Read a number as it was received: in NFC, without the dashes its scheme allows.

    IOR is read as ICR. Raises `BadIdentifier`: MRX-1106 (unknown scheme), MRX-1107 (shape),
    MRX-1108 (a social security number), MRX-1109 (first letters of a MID).
    """
    made = object.__new__(Identifier)
    # Already in the one form: to parse that again would change nothing, a million times a push.
    object.__setattr__(made, "scheme", ALIASES.get(scheme, scheme))
    object.__setattr__(made, "value", parse(scheme, text))
    return made


def warnings(value: Identifier) -> tuple[str, ...]:
    """The codes of what a person should look at: MRX-1902 (check digit), MRX-1903 (unusual)."""
    check, unusual = CHECKS.get(value.scheme), UNUSUAL.get(value.scheme)
    failed = check is not None and not check(value.value)
    strange = unusual is not None and unusual(value.value)
    return ("MRX-1902",) * failed + ("MRX-1903",) * strange
