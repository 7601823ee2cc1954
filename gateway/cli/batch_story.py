"""`mrx batch timeline`, `compare`, `retry`, `evidence`: what happened to a batch, and what proves it."""

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.acts import batches as acts
from gateway.cli import answer, files, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Number, Output
from gateway.identity.actor import at_the_shell
from gateway.views import batch_story as view
from gateway.views import comparison
from gateway.views.batch_story import Branch, Story
from schemas.codes import CODES
from schemas.errors import BadRequest

app = noun()


@app.command(epilog="Example: mrx batch timeline 7")
def timeline(number: Number, *, as_json: AsJson = False) -> None:
    """Show what happened to a batch, event by event, and when it is tried again."""
    now = datetime.now(UTC)
    with here.house() as house, house.database.read() as tx:
        story = view.story(tx, number, now=now)
    tried = story.next_try
    facts = {
        "id": story.batch.id,
        "partner": story.batch.partner,
        "lane": story.batch.lane,
        "number": story.batch.number,
        "state": story.batch.state.value,
        "next_attempt": None if tried is None else tried.at,
        "waits_for": None if tried is None else tried.waits_for,
        "outcomes": dict(story.outcomes),
        "unshown_attempts": story.unshown,
        "events": [event for branch in story.branches for event in _events(branch)] + _end(story),
    }
    answer.one(facts, json=as_json)


@app.command(epilog="Example: mrx batch compare 7 --issue 2")
def compare(
    number: Number,
    *,
    issue: Annotated[
        int | None, typer.Option(min=2, help="This issue with the one before; else the newest.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare an issue of a batch with the one before: which references left, came, changed."""
    with here.house() as house, house.database.read() as tx:
        found = comparison.compare(tx, number, issue)
    facts = {
        "id": number,
        "issue": found.issue,
        "left": [one.ref for one in found.left],
        "came": [one.ref for one in found.came],
        "changed": [one.ref for one in found.changed],
        "same": found.same,
    }
    answer.one(facts, json=as_json)


@app.command(epilog="Example: mrx batch retry 7")
def retry(number: Number, *, as_json: AsJson = False) -> None:
    """Have an unanswered batch tried now, by the gateway that serves: its lane looks at once."""
    with here.house() as house:
        actor = at_the_shell(here.who())
        found = acts.retry(house, actor, number, now=datetime.now(UTC))
    facts = {"id": found.id, "partner": found.partner, "lane": found.lane, "number": found.number}
    answer.one(facts, json=as_json)


@app.command(epilog="Example: mrx batch evidence 7 -o evidence-7.zip")
def evidence(number: Number, *, output: Output) -> None:
    """Put all that proves a batch into one ZIP file: issues, receipts, certificates, the ledger.

    It is an act in the ledger. The README in it says how to check it with OpenSSL alone.
    """
    with here.house() as house:
        actor = at_the_shell(here.who())
        _name, pieces = acts.evidence(house, actor, number, now=datetime.now(UTC))
        _write(output, pieces)


def _write(path: str, pieces: Iterator[bytes]) -> None:
    """The file appears whole or not at all, readable for its owner alone."""
    if path == files.STDOUT:
        for piece in pieces:
            files.write(files.STDOUT, piece)
        return
    place = Path(path).resolve()
    draft = None
    try:
        handle, draft = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")  # mode 0600
        with os.fdopen(handle, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(handle)
        Path(draft).replace(place)
    except OSError as error:
        raise BadRequest("MRX-5012", because=error.strerror) from error
    finally:
        if draft is not None:
            Path(draft).unlink(missing_ok=True)


def _events(branch: Branch) -> Iterator[answer.Facts]:
    without = " ".join(f"{reason}={n}" for reason, n in branch.left_out.items())
    yield _event(branch.sealed_at, branch.issue, "sealed", None, branch.why, without)
    told = [
        (one.began_at, _event(one.began_at, branch.issue, "sent", None, f"attempt {one.n}", ""))
        for one in branch.attempts
    ]
    told += [
        (one.ended_at, _event(one.ended_at, branch.issue, one.outcome, one.code, one.detail, ""))
        for one in branch.attempts
        if one.ended_at is not None and one.outcome != "receipt"
    ]
    told += [
        (one.received_at, _event(one.received_at, branch.issue, "receipt", None, one.level, ""))
        for one in branch.receipts
    ]
    if branch.erased_at is not None:
        under = "under the rule batch files"
        erased = _event(branch.erased_at, branch.issue, "file erased", None, under, "")
        told.append((branch.erased_at, erased))
    for _, event in sorted(told, key=lambda pair: pair[0]):
        yield event


def _end(story: Story) -> list[answer.Facts]:
    batch = story.batch
    if batch.closed_at is None:
        return []
    return [_event(batch.closed_at, batch.issue, batch.state.value, batch.code, None, "")]


def _event(
    at: datetime, issue: int, what: str | None, code: str | None, detail: str | None, out: str
) -> answer.Facts:
    return {
        "at": at,
        "issue": issue,
        "event": what,
        "code": code,
        "meaning": CODES[code].title if code in CODES else None,
        "detail": detail,
        "left_out": out,
    }
