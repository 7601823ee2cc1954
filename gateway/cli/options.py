"""Options and arguments that several commands share, each with one meaning and one help line."""

import re
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.acts import reasons
from schemas.errors import BadRequest

Account = Annotated[str, typer.Argument(help="The member's account: 5 to 9 digits.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen; change nothing.")]
Input = Annotated[
    str, typer.Argument(metavar="FILE", help="NDJSON or CSV, also .gz; '-' is stdin.")
]
Output = Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="'-' is stdout.")]
Partner = Annotated[str, typer.Argument(metavar="CODE", help="The partner, such as mx-neec.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")]
OnlyPartner = Annotated[
    str | None, typer.Option("--partner", metavar="CODE", help="Only this partner.")
]
Reason = Annotated[
    str, typer.Option("--reason", help="Why: shown wherever it is felt, kept in the ledger.")
]
Number = Annotated[int, typer.Argument(metavar="ID", min=1, max=2**63 - 1)]

_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


def one_line(reason: str) -> str:
    """A reason that every act takes (`gateway.acts.reasons`); what is none is a usage error."""
    try:
        return reasons.given(reason)
    except BadRequest as none:
        raise typer.BadParameter(
            f"give one line of 1 to {reasons.LENGTH_MAX} characters", param_hint="--reason"
        ) from none


def moment(option: str, text: str | None, *, now: datetime) -> datetime:
    """The moment an option names, in UTC; `now` where it is not given.

    RFC 3339 with a zone, seconds may be left out. What is none, or lies in the future, is a usage
    error.
    """
    if text is None:
        return now
    at = _read(text)
    if at is None:
        raise typer.BadParameter(
            "MRX-1204 give a time with its zone, such as 2014-08-20T12:00:00Z",
            param_hint=option,
        )
    if at > now:
        raise typer.BadParameter("MRX-1205 the time lies in the future", param_hint=option)
    return at


def _read(text: str) -> datetime | None:
    if _RFC3339.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):  # 30 February; a zone that leads before year 1
        return None
