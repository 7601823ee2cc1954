"""Who was told? Looked up by POST, so that no company stands in an address or a log."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Response

from gateway.acts import statements
from gateway.console.fields import Reason
from gateway.console.page import SignedIn
from gateway.identity.roles import Right
from gateway.views.told import FOUND_MAX, TEXT_MAX, By
from outbox.transport import MEDIA_TYPE
from schemas.member import ACCOUNT

router = APIRouter(prefix="/told")

TITLE = "Who was told about a company?"
WHYS = {why.name.lower(): why.value for why in statements.Why}
BYS = {
    By.ACCOUNT: "account",
    By.NAME: "beginning of its name",
    By.IDENTIFIER: "identifier",
}
TONES = {
    "never told": "plain",
    "removed before sending": "plain",
    "on its way": "wait",
    "held": "good",
    "withdrawal on its way": "warn",
    "deletion confirmed": "good",
}

Why = Annotated[Literal["company", "audit", "incident", "other"], Form()]


@router.get("")
def ask(page: SignedIn) -> Response:
    page.demand(Right.SEE_COMPANIES, what="who was told")
    return page.show("told.html", title=TITLE, **_form())


@router.post("")
def look(
    page: SignedIn,
    by: Annotated[By, Form()],
    text: Annotated[str, Form(min_length=1, max_length=TEXT_MAX)],
    why: Why,
    line: Reason = "",
) -> Response:
    grounds = statements.grounds(why, line)
    looked = statements.look(page.house, page.actor, by, text, grounds, now=page.now)
    facts = _form() | {"by": by, "why": why, "line": line, "looked": looked}
    title = f"Who was told about {looked.told.name}?" if looked.told else TITLE
    return page.show("told.html", title=title, **facts)


@router.post("/statement")
def statement(
    page: SignedIn,
    account: Annotated[str, Form(pattern=f"^{ACCOUNT.pattern}$")],
    why: Why,
    line: Reason = "",
) -> Response:
    grounds = statements.grounds(why, line)
    signed = statements.issue(page.house, page.actor, account, grounds, now=page.now)
    name = f"statement-{page.now:%Y-%m-%d}.p7m"  # nothing of the company
    return Response(
        signed.file,
        media_type=MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _form() -> dict[str, Any]:
    return {
        "whys": WHYS,
        "bys": BYS,
        "tones": TONES,
        "found_max": FOUND_MAX,
        "by": By.ACCOUNT,
        "why": "company",
        "line": "",
        "looked": None,
    }
