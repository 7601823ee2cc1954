"""`mrx push`: what CBP's systems say, and what became of it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Annotated, Literal

import typer

from gateway.cli import answer, approval, exits, here, progress, push_decisions
from gateway.cli.feed import Feed, feed
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, DryRun, Input, moment
from gateway.intake import push_consents, push_members
from gateway.intake.report import Report

# On a terminal; JSON and pipes have them all.
REJECTIONS_SHOWN = 50

AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="TIME", help="The moment whose truth this is (now)."),
]

app = noun()
app.add_typer(push_decisions.app)


@app.command(epilog="Example: mrx push members members.ndjson --mode snapshot --dry-run")
def members(
    file: Input,
    *,
    mode: Annotated[
        Literal["delta", "snapshot"],
        typer.Option(help="Changes, or a full list whose missing members are withdrawn."),
    ] = "delta",
    as_of: AsOf = None,
    dry_run: DryRun = False,
    approve: Annotated[
        bool, typer.Option("--approve", help="Withdraw even more than the guard allows.")
    ] = False,
    approved_by: Annotated[
        str | None,
        typer.Option(
            "--approved-by",
            metavar="NAME",
            help="The second person to --approve: a user of the console; needed in production. "
            "Their password comes from $MRX_PASSWORD or a prompt.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take members: one JSON object a line, or CSV.

    The same push twice changes nothing. Bad lines are reported by number and code, the rest is
    taken (exit 3). A full list that would withdraw too many waits for --approve (exit 6).
    """
    now = datetime.now(UTC)
    at = moment("--as-of", as_of, now=now)
    if approve and approved_by is None and here.settings().environment == "production":
        raise typer.BadParameter("name the second person", param_hint="--approved-by")
    # A full list is read twice: first to see who is missing.
    spool = here.settings().home if mode == "snapshot" else None
    with (
        here.house() as house,
        feed(file, spool_in=spool) as source,
        _watched(file, source) as step,
    ):
        second = approval.second(house, approved_by, now=now) if approve and approved_by else None
        order = push_members.Push(
            open=source.open,
            format=source.format,
            mode=mode,
            as_of=at,
            now=now,
            by=here.who(),
            dry_run=dry_run,
            approve=approve,
            approved_by=second,
            step=step,
        )
        report = push_members.push(house, order)
    _report(report, dry_run=dry_run, as_json=as_json)


@app.command(epilog="Example: mrx push consents consents.csv --as-of 2026-11-21T06:00Z")
def consents(
    file: Input,
    *,
    as_of: AsOf = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="TIME",
            help="It holds all that was said since then, whatever day it is of: after a restore from "
            "a backup, consents count again once this is no later than what `mrx restored show` "
            "names.",
        ),
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take consent events: what officers granted and revoked.

    What is revoked is withdrawn at once, everywhere it may have been told. An empty file says
    'nothing new' and keeps the feed fresh: without a fresh feed nothing is announced.
    """
    now = datetime.now(UTC)
    at = moment("--as-of", as_of, now=now)
    begins = None if since is None else moment("--since", since, now=now)
    with (
        here.house() as house,
        feed(file) as source,
        _watched(file, source) as step,
    ):
        order = push_consents.Push(
            source=source.open(),
            format=source.format,
            as_of=at,
            since=begins,
            now=now,
            by=here.who(),
            dry_run=dry_run,
            step=step,
        )
        report = push_consents.push(house, order)
    _report(report, dry_run=dry_run, as_json=as_json)


@contextmanager
def _watched(file: str, source: Feed) -> Iterator[progress.Step]:
    """A bar over the bytes of the input, told after each chunk how many lines have been read."""
    gc.freeze()  # what was imported stays: it need not be walked again with every thousand lines
    with progress.bar(PurePath(file).name, total=source.size) as show:
        yield lambda lines: show(source.position(), f"{lines:,} lines")


def _report(report: Report, *, dry_run: bool, as_json: bool) -> None:
    """Answer, and exit with what became of the push."""
    if as_json:
        answer.one(_facts(report, dry_run=dry_run), json=True)
    else:
        _say(report, dry_run=dry_run)
    if report.waiting:
        raise typer.Exit(exits.WAITS)
    if report.rejected:
        raise typer.Exit(exits.REJECTED)


def _facts(report: Report, *, dry_run: bool) -> answer.Facts:
    return {
        "read": report.read,
        "accepted": report.accepted,
        "unchanged": report.unchanged,
        "ignored": report.ignored,
        "rejected": report.rejected,
        "withdrawn": report.withdrawn,
        "dropped_fields": report.dropped_fields,
        "warnings": report.warnings,
        "rejections": [line._asdict() for line in report.rejections],
        "revoked": report.revoked,
        "revocations": report.revocations,
        "waiting": report.waiting,
        "note": report.note,
        "plan": None
        if report.plan is None
        else {partner: asdict(plan) for partner, plan in sorted(report.plan.items())},
        "dry_run": dry_run,
    }


def _say(report: Report, *, dry_run: bool) -> None:
    """The counts as talk, the rejected lines as the answer."""
    if report.waiting:
        _say_waiting(report)
    if report.waiting and not dry_run:
        _say_plan(report)
        return
    done = "Would take" if dry_run else "Took"
    answer.talk(
        f"{done} {report.accepted:,} of {report.read:,} lines: {report.unchanged:,} unchanged, "
        f"{report.ignored:,} older than what is known, {report.rejected:,} rejected, "
        f"{report.withdrawn:,} members withdrawn."
    )
    for code, count in report.warnings.items():
        answer.talk(f"Warning {code}: {count:,} lines.")
    if report.dropped_fields:
        answer.talk(f"{report.dropped_fields:,} unknown fields were dropped at the door.")
    if report.revocations:
        numbers = " ".join(map(str, report.revocations[:REJECTIONS_SHOWN]))
        answer.talk(f"{report.revoked:,} revocations, `mrx revocation show`: {numbers}")
    if report.note:
        answer.talk(report.note)
    _say_plan(report)
    answer.few(
        ("line", "account", "code", "reason"),
        [line._asdict() for line in report.rejections],
        at_most=REJECTIONS_SHOWN,
    )


def _say_plan(report: Report) -> None:
    if report.plan:
        answer.talk("Each partner would hear:")
    for partner, plan in sorted((report.plan or {}).items()):
        blocked = "".join(f", {count:,} blocked {code}" for code, count in plan.blocked.items())
        answer.talk(
            f"  {partner}: {plan.new:,} new, {plan.changed:,} changed, {plan.withdrawn:,} withdrawn, "
            f"{plan.unchanged:,} unchanged, {plan.no_consent:,} without consent{blocked}"
        )


def _say_waiting(report: Report) -> None:
    answer.talk("This full list would withdraw too many, so nothing of it was taken:")
    for guarded in report.waiting:
        answer.talk(f"  {guarded.where}: {guarded.withdrawn:,} of {guarded.of:,}")
    answer.talk("Compare it with the source; repeat it with --approve if it is right.")
