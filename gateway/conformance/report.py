"""The checklist from top to bottom, and what came of it."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from gateway.conformance.checks import CHECKS, Check, members
from gateway.conformance.judgement import Failed, Skipped
from gateway.conformance.run import Run


class Result(StrEnum):
    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one check came out. `because` is a sentence, empty where there is nothing to say."""

    check: str
    result: Result
    claim: str
    because: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run found. It holds no member and no identifier, invented ones neither."""

    url: str
    programme: str
    at: datetime
    findings: Sequence[Finding]

    def count(self, result: Result) -> int:
        return sum(finding.result is result for finding in self.findings)

    def facts(self) -> dict[str, object]:
        return {
            "url": self.url,
            "programme": self.programme,
            "at": self.at,
            **{result.value: self.count(result) for result in Result},
            "checks": [asdict(finding) for finding in self.findings],
        }

    def text(self) -> str:
        """The report as lines for people."""
        lines = [
            f"Conformance of {self.programme} at {self.url}",
            f"{self.at:%Y-%m-%d %H:%M:%S} UTC",
            "",
        ]
        for one in self.findings:
            because = f": {one.because}" if one.because else ""
            lines.append(f"{one.result.value:<8} {one.claim} ({one.check}){because}")
        counts = ", ".join(f"{self.count(result)} {result.value}" for result in Result)
        return "\n".join([*lines, "", f"{counts}.", ""])


def examine(run: Run, *, done: Callable[[Finding], None] = lambda _: None) -> list[Finding]:
    """Run every check, whatever the others found; `done` hears of each as it ends."""
    if run.told.exists():  # a run was broken off: what it told comes first
        with suppress(Failed, Skipped):
            members.cleaned(run)
    findings = []
    for check in CHECKS:
        finding = examined(run, check)
        if finding.result is not Result.OK:
            run.roll.doubt()
        findings.append(finding)
        done(finding)
    return findings


def examined(run: Run, check: Check) -> Finding:
    """Run one check."""
    began = time.monotonic()
    result, because = Result.OK, ""
    try:
        because = check.run(run) or ""
    except Failed as failed:
        result, because = Result.FAILED, str(failed)
    except Skipped as skipped:
        result, because = Result.SKIPPED, str(skipped)
    seconds = round(time.monotonic() - began, 3)
    return Finding(
        check=check.name, result=result, claim=check.claim, because=because, seconds=seconds
    )
