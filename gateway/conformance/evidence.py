"""The report of a conformance run, as it is kept, shown and handed over with the agreement.

It holds counts, codes and names of checks: no member, and of the invented ones only what is special
about them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from gateway.checkup.finding import Result, Step

KIND: Final = "mrx-conformance/1"
WORDS: Final[Mapping[Result, str]] = {
    Result.OK: "ok",
    Result.WARNING: "ok",
    Result.FAILED: "failed",
    Result.SKIPPED: "not run",
}
"""What people read: a warning holds, and says what to do all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run found. `said` of `samples` invented members could be said; `losses` names what is
    special about the others, with the code.
    """

    partner: str
    format: str
    address: str | None
    at: datetime
    by: str
    samples: int
    said: int
    losses: tuple[str, ...]
    checks: tuple[Step, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the checks that failed."""
        return tuple(one.step for one in self.checks if one.result is Result.FAILED)

    @property
    def well(self) -> bool:
        return not self.failed

    @property
    def sentence(self) -> str:
        """How it came out, in one line."""
        when = f"run {self.at:%Y-%m-%d %H:%M} UTC by {self.by}"
        if self.failed:
            return f"{when}; failed: {', '.join(self.failed)}"
        ran = sum(one.result is not Result.SKIPPED for one in self.checks)
        return f"{when}; all {ran} checks that could be run went well"

    def facts(self) -> dict[str, Any]:
        """All of it, for a program."""
        return {
            **asdict(self),
            "well": self.well,
            "checks": [
                {
                    "name": one.step,
                    "result": WORDS[one.result],
                    "sentence": one.sentence,
                    "next": one.next,
                }
                for one in self.checks
            ],
        }

    def text(self) -> str:
        """The report as lines for people, to go with the agreement."""
        lines = [
            f"Conformance of the exchange with {self.partner}",
            f"{self.at:%Y-%m-%d %H:%M:%S} UTC, by {self.by}",
            f"Format: {self.format}; address: {self.address or 'none, they fetch and push'}",
            f"Invented members: {self.samples}, of which {self.said} can be said",
            "",
        ]
        for one in self.checks:
            lines.append(f"{WORDS[one.result]:<8} {one.step}: {one.sentence}")
            if one.next is not None:
                lines.append(f"{'':<8} next: {one.next}")
        if self.losses:
            lines += ["", "Held back, because the format cannot say it:"]
            lines += [f"  {loss}" for loss in self.losses]
        how = "Everything that was run holds." if self.well else "Something failed."
        return "\n".join([*lines, "", how, ""])

    def kept(self) -> str:
        """As the database keeps it."""
        return orjson.dumps({"document": KIND, **asdict(self)}).decode()


def read(kept: str) -> Report | None:
    """The report of a kept text; None for what a person once wrote in its place."""
    try:
        told = orjson.loads(kept)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(told, dict) or told.pop("document", None) != KIND:
        return None
    told["at"] = datetime.fromisoformat(told["at"])
    told["losses"] = tuple(told["losses"])
    told["checks"] = tuple(
        Step(**{**one, "result": Result(one["result"])}) for one in told["checks"]
    )
    return Report(**told)
