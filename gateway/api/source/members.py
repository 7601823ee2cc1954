"""One member: as the source described it, as a partner would be told, who was told."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter

from gateway.api.caller import Caller, holding
from gateway.api.context import Here
from gateway.api.problems import described
from gateway.api.source.disclosure_wire import Disclosures, disclosures, noticed
from gateway.api.source.member_wire import (
    Account,
    MemberShown,
    Numbered,
    PreviewShown,
    Programme,
    Standing,
    previewed,
)
from gateway.tokens import Scope
from outbox import notices
from outbox.preview import preview
from outbox.statement import statement
from partners import consents, roll

router = APIRouter(prefix="/members", responses=described(401, 403, 404, 422))
Reader = Annotated[Caller, holding(Scope.READ)]


@router.get("/{account}")
def one_member(account: Account, here: Here, _caller: Reader) -> MemberShown:
    """Show a member as you last described it, its consents, and where its news is."""
    house = here.house
    with house.database.read() as tx:
        entry = roll.get(tx, account)
        member = entry.member
        return MemberShown(
            account=member.account,
            name=member.name,
            identifiers=[Numbered.model_validate(one) for one in member.identifiers],
            status=member.status.value,
            member_since=member.member_since,
            business_type=member.business_type,
            version=entry.version,
            as_of=entry.as_of,
            present=entry.present,
            unknown_status=entry.unknown_status,
            consents=[Standing.model_validate(row) for row in consents.standing(tx, account)],
            notices=[
                noticed(one)
                for one in notices.every(tx, house, now=datetime.now(UTC), account=account)
            ],
        )


@router.get("/{account}/preview/{programme}")
def previewed_member(
    account: Account, programme: Programme, here: Here, _caller: Reader
) -> PreviewShown:
    """Show exactly what one partner would be told of a member now, or why it would not be."""
    with here.house.database.read() as tx:
        return previewed(preview(tx, here.house, account, programme, now=datetime.now(UTC)))


@router.get("/{account}/disclosures")
def disclosures_of(account: Account, here: Here, _caller: Reader) -> Disclosures:
    """Show who was told what about a member, when, under which consent, with which receipt."""
    with here.house.database.read() as tx:
        return disclosures(statement(tx, here.house, account, now=datetime.now(UTC)))
