"""Consent events: every rule with its code; a revocation asks for less than a grant."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from gateway.intake.events import read_event
from schemas.consent import ConsentEvent, ConsentText, Event
from schemas.errors import BadRecord

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
PARTNERS = frozenset({"mx-neec", "ca-pip"})
SCHEMES = frozenset({"SCAC", "ICR", "MID"})
TEXTS = {
    text.id: text
    for text in (
        ConsentText(
            id="neec-2014",
            valid_from=date(2014, 8, 1),
            programmes=frozenset({"mx-neec"}),
            schemes=SCHEMES,
        ),
        ConsentText(
            id="2014-08",
            valid_from=date(2014, 8, 1),
            programmes=frozenset({"ca-pip"}),
            schemes=SCHEMES,
        ),
    )
}
GOOD = {
    "account": "31614261",
    "programme": "mx-neec",
    "event": "granted",
    "at": "2014-08-20T12:00:00Z",
    "officer": {"title": "Vice President"},
    "text_version": "neec-2014",
}
BACK = {
    "account": "31614261",
    "programme": "mx-neec",
    "event": "revoked",
    "at": "2015-01-01T00:00:00Z",
}
ABSENT = object()
DIGEST = "0123456789abcdef" * 4


def take(base: dict[str, object] = GOOD, **changes: object) -> ConsentEvent:
    fields = {k: v for k, v in {**base, **changes}.items() if v is not ABSENT}
    return read_event(fields, partners=PARTNERS, texts=TEXTS, now=NOW)


def code_of(base: dict[str, object] = GOOD, **changes: object) -> str:
    with pytest.raises(BadRecord) as caught:
        take(base, **changes)
    return caught.value.code


def test_a_good_grant_is_an_event() -> None:
    assert take(evidence=DIGEST.upper()) == ConsentEvent(
        account="31614261",
        programme="mx-neec",
        event=Event.GRANTED,
        at=datetime(2014, 8, 20, 12, tzinfo=UTC),
        officer_title="Vice President",
        text="neec-2014",
        evidence=DIGEST,
    )


@pytest.mark.parametrize("base", [GOOD, BACK], ids=["granted", "revoked"])
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"account": ABSENT}, "MRX-1101"),
        ({"account": 31614261}, "MRX-1101"),
        ({"account": "3161426A"}, "MRX-1101"),
        ({"programme": ABSENT}, "MRX-1202"),
        ({"programme": None}, "MRX-1202"),
        ({"programme": ["mx-neec"]}, "MRX-1202"),
        ({"programme": "us-ctpat"}, "MRX-1202"),
        ({"programme": "MX-NEEC"}, "MRX-1202"),
        ({"event": ABSENT}, "MRX-1203"),
        ({"event": "Granted"}, "MRX-1203"),
        ({"event": "withdrawn"}, "MRX-1203"),
        ({"event": ["granted"]}, "MRX-1203"),
        ({"event": True}, "MRX-1203"),
        ({"at": ABSENT}, "MRX-1204"),
        ({"at": 1408536000}, "MRX-1204"),
        ({"at": ""}, "MRX-1204"),
        ({"at": "2014-08-20"}, "MRX-1204"),
        ({"at": "2014-08-20T12:00:00"}, "MRX-1204"),
        ({"at": "2014-08-20 12:00:00Z"}, "MRX-1204"),
        ({"at": "2014-08-20T12:00Z"}, "MRX-1204"),
        ({"at": "20140820T120000Z"}, "MRX-1204"),
        ({"at": "2014-W34-3T12:00:00Z"}, "MRX-1204"),
        ({"at": "2014-08-20T12:00:00+0200"}, "MRX-1204"),
        ({"at": "2014-08-20T12:00:00+02"}, "MRX-1204"),
        ({"at": "2014-08-20T12:00:00+24:00"}, "MRX-1204"),
        ({"at": "2014-08-20T12:00:00+02:60"}, "MRX-1204"),
        ({"at": "2014-08-20T12:00:00 Europe/Madrid"}, "MRX-1204"),
        ({"at": "2014-08-20T12:00:00,5Z"}, "MRX-1204"),
        ({"at": "2014-08-20T12:00:00.Z"}, "MRX-1204"),
        ({"at": "2014-08-20T12:00:00Z\n"}, "MRX-1204"),
        ({"at": "2014-06-30T23:59:60Z"}, "MRX-1204"),
        ({"at": "2014-08-20T24:00:00Z"}, "MRX-1204"),
        ({"at": "2014-02-30T12:00:00Z"}, "MRX-1204"),
        ({"at": "0000-08-20T12:00:00Z"}, "MRX-1204"),
        ({"at": "0001-01-01T00:00:00+05:00"}, "MRX-1204"),
        ({"at": "２０１４-08-20T12:00:00Z"}, "MRX-1204"),
        ({"at": "2026-01-31T12:00:00.000001Z"}, "MRX-1205"),
        ({"at": "2026-01-31T12:00:00-01:00"}, "MRX-1205"),
        ({"at": "9999-12-31T23:59:59Z"}, "MRX-1205"),
        ({"at": "9999-12-31T23:59:59-05:00"}, "MRX-1204"),
    ],
)
def test_each_rule_has_its_code_for_grants_and_revocations(base, changes, code) -> None:
    assert code_of(base, **changes) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"officer": ABSENT}, "MRX-1206"),
        ({"officer": None}, "MRX-1206"),
        ({"officer": "Vice President"}, "MRX-1206"),
        ({"officer": ["Vice President"]}, "MRX-1206"),
        ({"officer": {}}, "MRX-1206"),
        ({"officer": {"name": "x"}}, "MRX-1206"),
        ({"officer": {"title": None}}, "MRX-1206"),
        ({"officer": {"title": 1}}, "MRX-1206"),
        ({"officer": {"title": ""}}, "MRX-1206"),
        ({"officer": {"title": " \u00a0\u200b"}}, "MRX-1206"),
        ({"officer": {"title": "V\x00P"}}, "MRX-1206"),
        ({"officer": {"title": "x" * 501}}, "MRX-1206"),
        ({"text_version": ABSENT}, "MRX-1207"),
        ({"text_version": None}, "MRX-1207"),
        ({"text_version": 2014}, "MRX-1207"),
        ({"text_version": "neec-2015"}, "MRX-1207"),
        ({"text_version": ["neec-2014"]}, "MRX-1207"),
        ({"text_version": "2014-08"}, "MRX-1208"),
        ({"programme": "ca-pip"}, "MRX-1208"),
        ({"at": "2014-07-31T23:59:59Z"}, "MRX-1209"),
        ({"at": "2014-08-01T01:00:00+02:00"}, "MRX-1209"),
        ({"evidence": "x"}, "MRX-1210"),
        ({"evidence": 7}, "MRX-1210"),
        ({"evidence": DIGEST[1:]}, "MRX-1210"),
        ({"evidence": DIGEST + "\n"}, "MRX-1210"),
    ],
)
def test_a_grant_is_held_to_more(changes, code) -> None:
    assert code_of(**changes) == code
    assert take({**changes, **BACK}).event is Event.REVOKED


def test_a_text_is_valid_from_its_first_day_in_utc() -> None:
    assert take(at="2014-07-31T23:00:00-01:00").at == datetime(2014, 8, 1, tzinfo=UTC)


def test_a_revocation_needs_neither_officer_nor_text() -> None:
    event = take(BACK)

    assert (event.officer_title, event.text, event.evidence) == (None, None, None)


def test_a_revocation_keeps_what_is_well_formed_and_drops_the_rest() -> None:
    good = take(BACK, officer={"title": "VP"}, text_version="neec-2014", evidence=DIGEST)
    bad = take(BACK, officer={"title": 7}, text_version="?", evidence="?")

    assert (good.officer_title, good.text, good.evidence) == ("VP", "neec-2014", DIGEST)
    assert (bad.officer_title, bad.text, bad.evidence) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-31T12:00:00Z", NOW),
        ("2026-01-31T13:00:00+01:00", NOW),
        ("2026-01-31T12:00:00-00:00", NOW),
        ("2016-02-29T12:00:00.5Z", datetime(2016, 2, 29, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2016-02-29T12:00:00.123456789Z", datetime(2016, 2, 29, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("2016-03-01T01:30:00+05:45", datetime(2016, 2, 29, 19, 45, tzinfo=UTC)),
    ],
)
def test_a_time_is_kept_in_utc_and_now_is_not_the_future(text, at) -> None:
    event = take(at=text)

    assert event.at == at
    assert event.at.utcoffset() == timedelta(0)


def test_now_may_be_said_in_any_zone() -> None:
    now = NOW.astimezone(timezone(timedelta(hours=-5)))

    event = read_event(
        {**GOOD, "at": "2026-01-31T12:00:00Z"}, partners=PARTNERS, texts=TEXTS, now=now
    )

    assert event.at == NOW


@pytest.mark.parametrize(
    ("given", "kept"),
    [(" 副總經理 ", "副總經理"), ("Pre\u0301sident", "Président"), ("x" * 500, "x" * 500)],
)
def test_a_title_may_be_in_any_language(given, kept) -> None:
    assert take(officer={"title": given}).officer_title == kept


def test_without_partners_or_texts_nothing_is_granted() -> None:
    with pytest.raises(BadRecord, match="MRX-1202"):
        read_event(GOOD, partners=(), texts=TEXTS, now=NOW)
    with pytest.raises(BadRecord, match="MRX-1207"):
        read_event(GOOD, partners=PARTNERS, texts={}, now=NOW)


@pytest.mark.parametrize("at", ["2014-08-20t12:00:00z", "2014-08-20t14:00:00+02:00"])
def test_a_time_may_be_written_in_small_letters(at: str) -> None:
    assert take(at=at).at == datetime(2014, 8, 20, 12, tzinfo=UTC)


def test_a_push_as_of_a_moment_tells_of_no_grant_after_it() -> None:
    at = datetime(2014, 8, 20, 12, tzinfo=UTC)
    told = {"partners": PARTNERS, "texts": TEXTS, "now": NOW}

    assert read_event(GOOD, as_of=at, **told).at == at
    with pytest.raises(BadRecord, match="MRX-1212"):
        read_event(GOOD, as_of=at - timedelta(microseconds=1), **told)


def test_taking_back_counts_even_after_the_moment_of_its_push() -> None:
    as_of = datetime(2014, 8, 20, 12, tzinfo=UTC)

    event = read_event(BACK, partners=PARTNERS, texts=TEXTS, now=NOW, as_of=as_of)

    assert event.event is Event.REVOKED
