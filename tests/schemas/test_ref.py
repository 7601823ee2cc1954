"""A reference: random, typed by people, and every single mistyped character is found."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas import ref
from schemas.errors import BadIdentifier
from tests.schemas.drawn import REF, outcome, ref_texts


def test_a_new_one_is_one_and_reads_as_itself():
    drawn = [ref.new() for _ in range(1000)]

    assert all(ref.is_ref(one) and ref.parse(one) == one for one in drawn)
    assert len(set(drawn)) == 1000
    for place in range(11):  # every place takes every value
        assert {one[place] for one in drawn} == set(ref.ALPHABET)


@given(ref_texts)
@example(REF)
@example("000000000000")
def test_every_change_of_a_single_character_is_found(one: str):
    for place in range(12):
        for other in set(ref.ALPHABET) - {one[place]}:
            assert not ref.is_ref(one[:place] + other + one[place + 1 :])


@given(ref_texts)
def test_two_neighbours_swapped_are_found_unless_they_are_the_two_extremes(one: str):
    """Luhn's known blind spot: in base 32, 0 beside Z."""
    for place in range(11):
        swapped = one[:place] + one[place + 1] + one[place] + one[place + 2 :]
        if swapped != one and {one[place], one[place + 1]} != {"0", "Z"}:
            assert not ref.is_ref(swapped)


@given(ref_texts, st.data())
def test_it_is_read_as_people_type_it(one: str, data: st.DataObject):
    typed = "".join(
        data.draw(st.sampled_from({"0": "0Oo", "1": "1IiLl"}.get(c, c + c.lower())))
        + data.draw(st.sampled_from(["", "-", " "]))
        for c in one
    )

    assert ref.parse(typed) == one


@pytest.mark.parametrize(
    "text",
    ["", REF[:-1], REF + "0", REF.lower(), f"{REF}\n", f" {REF}", "７ZKQ3M9RTW4R", "7-" + REF],
)
def test_on_the_wire_it_has_one_form(text: str):
    assert not ref.is_ref(text)


@pytest.mark.parametrize("text", ["", "U" * 12, "７ZKQ3M9RTW4R", REF[:-1], REF + "0", f"{REF}\n"])
def test_what_is_none_is_refused_and_not_repeated(text: str):
    with pytest.raises(BadIdentifier) as refused:
        ref.parse(text)
    assert (refused.value.code, refused.value.facts) == ("MRX-1107", {"scheme": "ref"})


@given(st.text(max_size=14))
def test_any_text_is_a_ref_or_refused(text: str):
    refused = outcome(lambda: ref.parse(text))

    assert ref.is_ref(ref.parse(text)) if refused is None else refused.code == "MRX-1107"
