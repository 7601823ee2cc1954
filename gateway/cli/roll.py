"""`mrx roll`: the members of a programme, as it last described them."""

from collections.abc import Iterator

from sqlalchemy import Connection

from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Partner
from partners import agreements, foreign_roll, roll

COLUMNS = ("ref", "name", "identifiers", "status", "member_since")
OF_PARTNERS = ("category", "covered", "quarantined")

app = noun()


@app.command("list", epilog="Example: mrx roll list mx-neec --json")
def list_(programme: Partner, *, as_json: AsJson = False) -> None:
    """List the members of a partner programme, one row a live reference.

    For the home programme: its members present on our own roll, by account; they have no ref.
    Members of a partner that the arrangement does not cover are listed, too, and marked.
    """
    with here.house() as house, house.database.read() as tx:
        if programme == house.programme:
            answer.many(("account", *COLUMNS[1:]), _ours(tx), json=as_json)
            return
        agreements.get(tx, programme)
        answer.many((*COLUMNS, *OF_PARTNERS), _theirs(tx, programme), json=as_json)


def _ours(tx: Connection) -> Iterator[answer.Facts]:
    for entry in roll.every(tx):
        if entry.present:
            member = entry.member
            yield {
                "ref": None,
                "account": member.account,
                "name": member.name,
                "identifiers": [{"scheme": i.scheme, "value": i.value} for i in member.identifiers],
                "status": member.status.value,
                "member_since": member.member_since,
            }


def _theirs(tx: Connection, programme: str) -> Iterator[answer.Facts]:
    for row in foreign_roll.every(tx, programme):
        yield {
            "ref": row.ref,
            "name": row.name,
            "identifiers": [{"scheme": s, "value": v} for s, v in row.identifiers],
            "status": row.status,
            "member_since": row.member_since,
            "category": row.category,
            "covered": row.covered,
            "quarantined": row.quarantined,
        }
