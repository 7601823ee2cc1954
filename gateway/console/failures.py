"""Failures: what needs a person, by cause; what each code means, and what to do about it."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Path, Query, Response

from gateway.api.parameters import CODE, Partner
from gateway.api.problems import status_of
from gateway.console.fields import OnlyPartner
from gateway.console.page import Page, SignedIn
from gateway.identity.roles import Right
from gateway.views import failures as view
from partners import agreements
from schemas.codes import CODES
from schemas.errors import BadRequest

router = APIRouter()

A_PAGE = 100
REPAIRERS: Final = {
    "company": "the company",
    "source": "the home programme's systems",
    "operator": "an operator of this gateway",
    None: "nobody has to",
}

Code = Annotated[str, Path(pattern=CODE)]


@router.get("/failures")
def every(
    page: SignedIn,
    partner: OnlyPartner = "",
    code: Annotated[str, Query(pattern=f"^$|{CODE}")] = "",
) -> Response:
    page.demand(Right.SEE, what="the failures")
    with page.house.database.read() as tx:
        if partner:
            agreements.get(tx, partner)
        found = view.causes(tx, page.house, now=page.now, partner=partner or None)
        partners = [one.agreement.partner for one in agreements.every(tx)]
    found = [one for one in found if code in ("", one.code)]
    return page.show(
        "failures.html",
        title="What needs a person?",
        wanting=[one for one in found if one.repairer is not None or one.kind == "lane"],
        resting=[one for one in found if one.repairer is None and one.kind != "lane"],
        partner=partner,
        code=code,
        partners=partners,
        repairers=REPAIRERS,
    )


@router.get("/failures/{partner}/{code}")
def one(page: SignedIn, partner: Partner, code: Code) -> Response:
    page.demand(Right.SEE, what="the notices of a failure")
    return _shown(page, partner, code, None)


@router.post("/failures/{partner}/{code}")
def further(
    page: SignedIn,
    partner: Partner,
    code: Code,
    after: Annotated[str, Form(pattern="^[0-9]{5,9}$")],
) -> Response:
    """The next page. Sent as a form: an account stands in no address. The list of who may not see
    accounts ends with its first page, because where it goes on is one.
    """
    page.demand(Right.SEE_COMPANIES, what="the further notices of a failure")
    return _shown(page, partner, code, after)


@router.get("/codes/{code}")
def code_(page: SignedIn, code: Code) -> Response:
    page.demand(Right.SEE, what="what a code means")
    if code not in CODES:
        raise BadRequest("MRX-5018")
    with page.house.database.read() as tx:
        found = view.causes(tx, page.house, now=page.now)
    return page.show(
        "code.html",
        title=f"{code}: {CODES[code].title}",
        code=CODES[code],
        status_code=status_of(code),
        repairers=REPAIRERS,
        here=[cause for cause in found if cause.code == code],
    )


def _shown(page: Page, partner: str, code: str, after: str | None) -> Response:
    with page.house.database.read() as tx:
        agreements.get(tx, partner)
        cause = view.one(tx, partner, code)
        found = view.notices(tx, cause, after=after, limit=A_PAGE + 1)
    return page.show(
        "failure.html",
        title=f"{partner}: {cause.meaning.title}",
        cause=cause,
        notices=found[:A_PAGE],
        more=len(found) > A_PAGE,
        first=after is None,
        repairers=REPAIRERS,
    )
