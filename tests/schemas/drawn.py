"""Batches and receipts: one that is plain, one that has everything, and all there can be."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from hypothesis import strategies as st

from schemas import exchange
from schemas import ref as refs
from schemas.batch import Header, Lane
from schemas.errors import MrxError
from schemas.receipt import Erasure, Fate, Level, Receipt, Refusal, Verdict

NS = "{urn:mrx:exchange:1.0}"
REF = "7ZKQ3M9RTW4R"
OTHER_REF = "7ZKQ3M9RTW5P"
DIGEST = "0123456789abcdef" * 4
DOCUMENT = b'<list xmlns="urn:other"><one>\xe6\xb8\xac</one>\n<one>&amp;</one></list>'

# All that XML 1.0 can say (section 2.2).
characters = st.characters(
    exclude_categories=["Cs"],
    exclude_characters=[chr(c) for c in range(32) if chr(c) not in "\t\n\r"] + ["\ufffe", "\uffff"],
)
texts = st.text(characters, max_size=50)
words = (
    st.text(characters.filter(lambda c: c not in "\t\n\r"), max_size=200)
    .map(lambda text: text.strip(" "))
    .filter(bool)
)
moments = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
ref_texts = st.text(refs.ALPHABET, min_size=11, max_size=11).map(
    lambda body: body + refs.check_character(body)
)
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
programmes = st.from_regex(r"[a-z]{2}(-[a-z0-9]{1,9}){1,2}", fullmatch=True)
codes = st.from_regex(r"MRX-[0-9]{4}|[0-9A-Za-z][0-9A-Za-z._:/-]{0,63}", fullmatch=True)
ordinals = st.integers(1, 10**18 - 1)
counts = st.integers(0, 10**9 - 1)


def header(**changes: object) -> Header:
    """The header of a batch without notices, with changes."""
    plain = {
        "sender": "us-ctpat",
        "recipient": "mx-neec",
        "lane": Lane.ROUTINE,
        "epoch": "0123456789abcdef",
        "number": 1,
        "issue": 1,
        "replaces": None,
        "previous": None,
        "created": datetime(2014, 8, 20, 12, tzinfo=UTC),
        "format": "mx-neec/1.0",
        "agreement": "us-ctpat:mx-neec",
        "texts": ("mx-2014",),
        "announcements": 0,
        "withdrawals": 0,
    }
    return Header(**(plain | changes))


def receipt(**changes: object) -> Receipt:
    """A receipt that all was applied, with changes."""
    plain = {
        "sender": "mx-neec",
        "recipient": "us-ctpat",
        "lane": Lane.URGENT,
        "epoch": "0123456789abcdef",
        "number": 1,
        "issue": 1,
        "digest": DIGEST,
        "level": Level.APPLIED,
        "at": datetime(2014, 8, 20, 12, tzinfo=UTC),
        "verdict": Verdict.ALL,
        "held": 0,
    }
    return Receipt(**(plain | changes))


@st.composite
def batches(draw: st.DrawFn) -> tuple[Header, list[str], bytes | None]:
    """What `write_batch` takes."""
    withdrawals = draw(st.lists(ref_texts, unique=True, max_size=5))
    document = draw(st.sampled_from([None, DOCUMENT]))
    head = header(
        sender=draw(programmes),
        recipient=draw(programmes),
        lane=draw(st.sampled_from(Lane)),
        epoch=draw(digests)[:16],
        number=draw(ordinals),
        issue=draw(ordinals),
        replaces=draw(st.none() | digests),
        previous=draw(st.none() | digests),
        created=draw(moments),
        format=draw(programmes) + draw(st.sampled_from(["/1.0", "/2.11"])),
        agreement=draw(words),
        texts=tuple(draw(st.lists(words, max_size=3))),
        announcements=draw(counts) if document else 0,
        withdrawals=len(withdrawals),
    )
    return head, withdrawals, document


@st.composite
def erasures(draw: st.DrawFn) -> Erasure:
    ref, fate = draw(ref_texts), draw(st.sampled_from(Fate))
    if fate is not Fate.RETAINED:
        return Erasure(ref=ref, fate=fate)
    return Erasure(ref=ref, fate=fate, law=draw(words), until=draw(st.dates(date(1, 1, 1))))


@st.composite
def receipts(draw: st.DrawFn) -> Receipt:
    """Any receipt that agrees with itself."""
    verdict = draw(st.none() | st.sampled_from(Verdict))
    refusals = st.builds(Refusal, ref=ref_texts, code=codes)
    some = st.lists(refusals, min_size=1, max_size=4, unique_by=lambda refusal: refusal.ref)
    return receipt(
        sender=draw(programmes),
        recipient=draw(programmes),
        lane=draw(st.sampled_from(Lane)),
        epoch=draw(digests)[:16],
        number=draw(ordinals),
        issue=draw(ordinals),
        digest=draw(digests),
        level=Level.RECEIVED if verdict is None else Level.APPLIED,
        at=draw(moments),
        verdict=verdict,
        code=draw(codes) if verdict is Verdict.REFUSED else None,
        refused=tuple(draw(some)) if verdict is Verdict.REFUSALS else (),
        withdrawals=tuple(draw(st.lists(erasures(), max_size=4, unique_by=lambda e: e.ref))),
        held=draw(st.none() | counts),
    )


def outcome(work: Callable[[], object]) -> MrxError | None:
    """What the work was refused with, if it was."""
    try:
        work()
    except MrxError as refused:
        return refused
    return None


RETAINED = Erasure(ref=REF, fate=Fate.RETAINED, law="Ley Aduanera, art. 59", until=date(2031, 1, 1))
# One of everything, as written.
BATCH = exchange.write_batch(
    header(issue=2, number=2, replaces=DIGEST, previous=DIGEST, announcements=2, withdrawals=1),
    [REF],
    DOCUMENT,
)
RECEIPT = exchange.write_receipt(
    receipt(
        verdict=Verdict.REFUSALS,
        refused=(Refusal(ref=REF, code="MRX-2307"),),
        withdrawals=(RETAINED, Erasure(ref=OTHER_REF, fate=Fate.ERASED)),
    )
)
REFUSED = exchange.write_receipt(receipt(verdict=Verdict.REFUSED, code="XML-17"))
