"""The page of all codes is made from the codes, and tells the truth about HTTP."""

from pathlib import Path

import pytest

import schemas
from gateway import problems_page
from gateway.api import problems
from gateway.api.problems import status_of
from schemas.codes import CODES
from schemas.errors import MrxError, NotReady

ROOT = Path(schemas.__file__).parents[1]


def test_the_committed_page_is_the_one_the_codes_make():
    committed = (ROOT / "docs/problems.md").read_text(encoding="utf-8")

    assert committed == problems_page.page(), "run `make docs`"


@pytest.mark.parametrize("code", CODES)
def test_every_code_stands_on_the_page_once_with_its_words(code: str):
    rows = [line for line in problems_page.page().splitlines() if line.startswith(f"| {code} |")]

    assert len(rows) == 1
    assert CODES[code].title in rows[0]
    assert CODES[code].repair in rows[0]


def test_every_range_of_codes_has_a_section():
    assert {code[4:6] for code in CODES} == problems_page.RANGES.keys()


@pytest.mark.parametrize("code", [code for code in CODES if status_of(code) is not None])
def test_the_status_on_the_page_is_the_status_of_the_answer(code: str):
    assert problems.of(MrxError(code)).status_code == status_of(code)


def test_what_the_gateway_lacks_is_never_the_caller_s_fault():
    # Our own certificate out of date: the same code as a partner's, but not their error.
    answer = problems.of(NotReady("MRX-3006"))

    assert (answer.status_code, answer.headers["retry-after"]) == (503, problems.RETRY_SECONDS)


def test_exceptions_by_code_are_codes_and_differ_from_their_range():
    for code, status in problems.BY_CODE.items():
        assert code in CODES
        assert problems.BY_RANGE.get(code[4:6]) != status, code
