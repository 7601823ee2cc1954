"""What can go wrong, in one tree.

    MrxError
    ├── BadRecord            a line, a member or an event is not what its format promises
    │   └── BadIdentifier    ... and it is an identifier
    ├── Unsayable            a record cannot be said in the partner's format
    ├── BadDocument          a document does not match its XSD, or no parser should see it
    ├── NotTrusted           a signature, key or certificate is not acceptable
    ├── Refused              a batch or receipt breaks a rule of the exchange
    ├── BadRequest           a command or a call cannot be carried out as asked
    └── NotReady             the gateway itself lacks something (keys, schema, home)

Branches answer who must act; the code says why and is stable (`schemas.codes`). Errors carry no
company data: not in the message, not in the facts.
"""

from schemas.codes import CODES


class MrxError(Exception):
    """Base of every error raised on purpose.

    `facts` are small, general values for the person who reads the message: a field's name, a
    limit, a partner's code. Never a name, an identifier or an account.
    """

    def __init__(self, code: str, **facts: object) -> None:
        self.code = code
        self.facts = facts
        super().__init__(code)

    @property
    def reason(self) -> str:
        """One sentence for people, without the code."""
        known = ", ".join(f"{name}: {value}" for name, value in self.facts.items())
        return CODES[self.code].title + (f" ({known})" if known else "")

    @property
    def repair(self) -> str:
        return CODES[self.code].repair

    def __str__(self) -> str:
        return f"{self.code} {self.reason}; {self.repair}"


class BadRecord(MrxError):
    """A line, a member or an event is not what its format promises."""


class BadIdentifier(BadRecord):
    """An identifier does not have the shape of its scheme."""


class Unsayable(MrxError):
    """A record cannot be said exactly in the partner's format."""


class BadDocument(MrxError):
    """A document does not match its XSD, or should not be read at all."""


class NotTrusted(MrxError):
    """A signature, key or certificate is not acceptable."""


class Refused(MrxError):
    """A batch or a receipt breaks a rule of the exchange."""


class BadRequest(MrxError):
    """A command or a call cannot be carried out as asked."""


class NotReady(MrxError):
    """The gateway itself lacks something."""
