"""`mrx partner`: agreements, addresses, certificates and lanes of those we exchange with."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from sqlalchemy import Connection, Row

from gateway.acts import lanes
from gateway.cli import (
    answer,
    files,
    here,
    partner_certificates,
    partner_checkup,
    partner_conformance,
    partner_counts,
    partner_terms,
)
from gateway.cli.connecting import base_url
from gateway.cli.connecting import connect as connect_partner
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, DryRun, Partner, Reason, one_line
from gateway.identity.actor import at_the_shell
from gateway.views import partner as partners
from gateway.views import rows
from gateway.views.alarms.alarm import many
from outbox import holdings, lane
from outbox.house import House
from partners import agreements, certificates, staged_certificates
from partners.agreements import Registered
from schemas.codes import CODES
from schemas.programme import PROGRAMMES

app = noun()
app.add_typer(partner_certificates.app)
app.add_typer(partner_checkup.app)
app.add_typer(partner_conformance.app)
app.add_typer(partner_terms.app)


@app.command("list", epilog="Example: mrx partner list")
def list_(*, as_json: AsJson = False) -> None:
    """List the partners: how each stands, and how many notices are pending, stuck, held.

    Counts are those of `mrx overview`: exact to 10,000; JSON names in `over` what is more.
    """
    now = datetime.now(UTC)
    columns = ("partner", "country", "exchange", "routine", "urgent", "pending", "blocked")
    with here.house() as house, house.database.read() as tx:
        counted = {row.partner: row for row in rows.every(tx, house, now=now)}
        found = [
            _overview(tx, registered, counted[registered.agreement.partner])
            for registered in agreements.every(tx)
        ]
    answer.many((*columns, "refused", "held"), found, json=as_json)
    for one in counted.values():
        partner_counts.say_more(one)


@app.command(epilog="Example: mrx partner show mx-neec")
def show(code: Partner, *, as_json: AsJson = False) -> None:
    """Show one partner: agreement, lanes, certificates, and what stands in the way."""
    now = datetime.now(UTC)
    with here.house() as house, house.database.read() as tx:
        registered = agreements.get(tx, code)
        row = rows.of(tx, house, code, now=now)
        facts = {
            **_overview(tx, registered, row),
            **_agreement(registered),
            **partner_terms.facts(registered),
            **_holdings(tx, code),
            **_tested(tx, code),
            "lanes": [_lane(row, now=now) for row in lane.of(tx, code)],
            "certificates": [
                {
                    "fingerprint": pinned.fingerprint,
                    "not_before": pinned.not_before,
                    "not_after": pinned.not_after,
                    "valid": pinned.not_before <= now <= pinned.not_after,
                }
                for pinned in certificates.pinned(tx, code)
            ],
            "staged_certificates": [
                partner_certificates.facts(one)
                for one in staged_certificates.every(tx, partner=code)
            ],
        }
    answer.one(facts, json=as_json)
    partner_counts.say_more(row)


@app.command(
    epilog="Example: mrx partner connect mx-neec --push https://neec.example --certificate neec.crt"
)
def connect(
    code: Partner,
    *,
    certificate: Annotated[
        str, typer.Option(metavar="FILE", help="The partner's certificate, PEM or DER.")
    ],
    push: Annotated[
        str | None, typer.Option(metavar="URL", help="Where to push; without it they pull.")
    ] = None,
    pull: Annotated[
        str | None, typer.Option(metavar="URL", help="Where to fetch theirs; else they push.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Pin a partner's certificate and enable the exchange.

    In production (MRX_ENVIRONMENT) the exchange begins with `mrx onboarding go-live`, by two.
    Compare the fingerprint with the partner first. Again with another certificate adds that one,
    so that an old and a new key overlap; an address once given stays until another is given.
    """
    push_url = None if push is None else base_url(push)
    pull_url = None if pull is None else base_url(pull)
    theirs = files.read_certificate(certificate)
    production = here.settings().environment == "production"
    with here.house() as house:
        connected = connect_partner(
            house,
            code,
            push_url=push_url,
            pull_url=pull_url,
            certificate=theirs,
            by=here.who(),
            now=datetime.now(UTC),
            enable=not production,
        )
    facts = {
        "partner": connected.partner,
        "push_url": connected.push_url,
        "pull_url": connected.pull_url,
        "certificate": connected.certificate,
        "valid_until": theirs.not_after,
        "changed": connected.changed,
    }
    answer.one(facts, json=as_json)
    if production:
        answer.talk(f"It begins when its list is complete: see `mrx onboarding show {code}`.")


@app.command(epilog="Example: mrx partner pause mx-neec --reason 'their maintenance until Monday'")
def pause(code: Partner, reason: Reason, *, dry_run: DryRun = False) -> None:
    """Hold back announcements to a partner.

    Nothing is lost: the backlog grows and is shown. Withdrawals and bad news still leave.
    """
    why, now = one_line(reason), datetime.now(UTC)
    with here.house() as house:
        if dry_run:
            row = _row(house, code, now)
            answer.talk(
                f"{code} would be paused. Would wait: {many(row.announcements, 'announcement')}."
            )
            answer.talk(f"Would still leave: {many(row.withdrawals, 'withdrawal')}.")
            return
        lanes.pause(house, at_the_shell(here.who()), code, reason=why, now=now)
    answer.talk(f"{code} is paused. Withdrawals and bad news still leave.")


@app.command(epilog="Example: mrx partner resume mx-neec --reason 'maintenance is over'")
def resume(code: Partner, reason: Reason, *, dry_run: DryRun = False) -> None:
    """Let announcements to a partner leave again.

    What the partner refused before is told again, too: resuming says that it is repaired. Over
    1,000 notices, or of several causes, stay as they are for `mrx replay`, by two persons.
    """
    why, now = one_line(reason), datetime.now(UTC)
    with here.house() as house:
        if dry_run:
            row = _row(house, code, now)
            if row.routine.flying is not None:
                answer.talk(f"Batch {row.routine.flying.name} would leave first.")
            answer.talk(f"Then the oldest of {many(row.announcements, 'announcement')}.")
            answer.talk(_again(row))
            return
        resumed = lanes.resume(house, at_the_shell(here.who()), code, reason=why, now=now)
        waiting = _row(house, code, now).pending
    over = "over " if waiting.more else ""
    answer.talk(f"{code} is resumed. {over}{waiting.n:,} notices are waiting.")
    if resumed.left:
        answer.talk("What it turned down is for two persons to have told again: `mrx replay`.")


def _again(row: rows.Row) -> str:
    """What becomes of what the partner turned down, if somebody resumes now."""
    turned_down = many(row.turned_down, "refused notice")
    if row.for_replay:
        return f"For two persons, and staying as they are for `mrx replay`: {turned_down}."
    return f"To be told again: {turned_down}."


def _row(house: House, code: str, now: datetime) -> rows.Row:
    with house.database.read() as tx:
        return rows.of(tx, house, code, now=now)


def _overview(tx: Connection, registered: Registered, row: rows.Row) -> dict[str, object]:
    code, closed = row.partner, row.closed
    states = {row.kind: _state(row) for row in lane.of(tx, code)}
    return {
        "partner": code,
        "country": PROGRAMMES[code].country,
        "programme": PROGRAMMES[code].name,
        "exchange": "open" if closed is None else closed,
        "because": None if closed is None else CODES[closed].title,
        "repair": None if closed is None else CODES[closed].repair,
        "push_url": registered.push_url,
        "pull_url": registered.pull_url,
        "routine": states["routine"],
        "urgent": states["urgent"],
        **partner_counts.facts(row),
    }


def _agreement(registered: Registered) -> dict[str, object]:
    agreement = registered.agreement
    return {
        "stage": int(agreement.stage),
        "stage_name": agreement.stage.name.lower(),
        "enabled": agreement.enabled,
        "format": agreement.format,
        "signed_on": registered.signed_on,
        "effective_on": agreement.effective_on,
        "ended_on": agreement.ended_on,
        "schemes": sorted(agreement.schemes),
        "statuses": sorted(status.value for status in agreement.statuses),
        "business_types": None
        if agreement.business_types is None
        else sorted(agreement.business_types),
    }


def _holdings(tx: Connection, code: str) -> dict[str, object]:
    """Whether the partner holds of us what its receipts say, as its last receipt compared."""
    check = holdings.checked(tx, code)
    if check is None:
        return {"holdings": None, "holdings_checked_at": None}
    facts: dict[str, object] = {
        "holdings": "agree" if check.agree else "differ",
        "holdings_checked_at": check.at,
        "holdings_expected": check.expected.count,
        "holdings_held": check.held_count,
    }
    if not check.agree:
        facts["holdings_repair"] = f"run `mrx reconcile {code}`"
    return facts


def _tested(tx: Connection, code: str) -> dict[str, object]:
    """When the way to the partner was tested last, and whether it was well."""
    tested = partners.tested(tx, code)
    if tested is None:
        return {"connection": None, "connection_tested_at": None}
    return {
        "connection": "well" if tested.well else "something failed",
        "connection_tested_at": tested.at,
    }


def _lane(row: Row[Any], *, now: datetime) -> dict[str, object]:
    return {
        "lane": row.kind,
        "state": _state(row),
        "paused_by": row.paused_by,
        "paused_at": row.paused_at,
        "reason": row.pause_reason,
        "failures": row.failures,
        "next_look": row.look_at if row.look_at > now else None,
        "next_number": row.next_number,
    }


def _state(row: Row[Any]) -> str:
    if row.paused:
        return "paused"
    return "failing" if row.trips else "open"
