"""`mrx revocation`: a consent taken back, followed until deletion is confirmed."""

from datetime import UTC, datetime

from gateway.cli import answer, here
from gateway.cli.following import followed
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Number
from outbox import revocations

app = noun()


@app.command(epilog="Example: mrx revocation show 12")
def show(number: Number, *, as_json: AsJson = False) -> None:
    """Show a revocation: what the partner may have heard, and whether it has deleted it.

    `overdue` says that the partner has not confirmed in time.
    """
    with here.house() as house, house.database.read() as tx:
        revocation = revocations.get(tx, number)
    waits = revocation.answer is revocations.Answer.ON_ITS_WAY
    facts = {
        "revocation": revocation.id,
        "account": revocation.account,
        "asked_by": revocation.asked_by,
        "at": revocation.at,
        "overdue": waits and revocation.due_at < datetime.now(UTC),
        "partners": [followed(revocation)],
    }
    answer.one(facts, json=as_json)
