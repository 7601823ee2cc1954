"""What is drawn: whom and what a step is about."""

from datetime import date
from typing import Any, TypeAlias

from hypothesis import strategies as st

from tests.journeys.model.ground import PARTNERS, PUSHED
from tests.journeys.model.model import STATUSES, Items

# Names without the account in them: no byte of an account number may leave.
TREES = {"10000001": "Alder", "10000002": "Beech", "10000003": "Cedar"}
ACCOUNTS = tuple(TREES)
SCACS = {account: f"QXQ{tree[0]}" for account, tree in TREES.items()}
MIDS = {account: f"AU{tree[:3].upper()}92MEL" for account, tree in TREES.items()}
YEARS = (date(2014, 4, 7), date(1911, 5, 5))

# At which of its commits a process dies, and whether before (False) or after it (True).
Death: TypeAlias = tuple[int, bool] | None
# What somebody else does, and where in a delivery.
Act: TypeAlias = tuple[Any, ...]
Meddling: TypeAlias = tuple[str, Act] | None

accounts = st.sampled_from(ACCOUNTS)
partners = st.sampled_from(PARTNERS)
pushed = st.sampled_from(PUSHED)
texts = st.sampled_from(["wide", "narrow", None])
deaths = st.one_of(st.none(), st.none(), st.tuples(st.integers(1, 6), st.booleans()))
ages = st.sampled_from([0, 0, 0, 30])  # minutes


@st.composite
def described(draw: st.DrawFn) -> tuple[str, Items]:
    """A member, as it may be described."""
    account = draw(accounts)
    pairs = {("SCAC", SCACS[account]), ("MID", MIDS[account])}
    named = draw(st.sampled_from([pairs, {("SCAC", SCACS[account])}, set()]))
    items = Items(
        name=f"Invented Company {TREES[account]} {draw(st.integers(1, 3))}",
        identifiers=frozenset(named),
        status=draw(st.sampled_from((*STATUSES, "VALIDATED", "CERTIFIED"))),
        since=draw(st.sampled_from((YEARS[0], *YEARS))),
    )
    return account, items


# What there is to tell before a worker comes; often nothing new would be there without it.
News: TypeAlias = tuple[str, Items] | None
news = st.one_of(described(), described(), st.none())
acts = st.one_of(
    st.tuples(st.just("revoke"), partners, accounts),
    st.tuples(st.just("grant"), partners, accounts, st.sampled_from(["wide", "narrow"])),
    st.tuples(st.just("push"), described()),
    st.tuples(st.just("pause"), pushed),
    st.tuples(st.just("stop"), partners),
    st.tuples(st.just("end"), partners),
    st.tuples(st.just("work"), st.booleans()),
)
meddlings = st.tuples(
    st.sampled_from(["leaving", "answering", "write 2", "write 3", "write 4"]), acts
)
