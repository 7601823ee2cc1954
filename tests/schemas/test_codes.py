"""Codes are stable and unique; each says what is so and what to do about it."""

import ast
import inspect
import re
from pathlib import Path

import pytest

import schemas
from schemas import errors
from schemas.codes import CODES
from schemas.errors import MrxError

ROOT = Path(schemas.__file__).parents[1]
ROOMS = ("gateway", "schemas", "mappers", "signing", "partners", "outbox")
RANGES = {
    "10", "11", "12", "19", "21", "22", "23", "30", "40", "50", "60", "70", "90", "99",
}  # fmt: skip
BRANCHES = [
    branch
    for _, branch in inspect.getmembers(errors, inspect.isclass)
    if issubclass(branch, MrxError)
]


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_its_shape_its_range_a_sentence_and_a_repair(code: str):
    entry = CODES[code]

    assert entry.code == code
    assert re.fullmatch(r"MRX-[0-9]{4}", code)
    assert code[4:6] in RANGES
    for words in (entry.title, entry.repair):
        assert len(words.split()) > 1
        assert words == words.strip(" .\n")
        assert words.isprintable()


def test_no_code_is_defined_twice_and_none_out_of_order():
    source = (ROOT / "schemas/codes.py").read_text(encoding="utf-8")
    defined = re.findall(r'Code\(\s*"(MRX-[0-9]{4})"', source)

    assert len(defined) == len(CODES)
    assert defined == list(CODES)
    assert len({entry.title for entry in CODES.values()}) == len(CODES)


@pytest.mark.slow
def test_every_code_in_the_program_is_defined():
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and re.fullmatch(
                    r"MRX-[0-9]{4}", str(node.value)
                ):
                    assert node.value in CODES, f"{file}:{node.lineno}"


@pytest.mark.parametrize("branch", BRANCHES)
def test_every_error_says_its_code_what_is_so_and_the_repair(branch: type[MrxError]):
    error = branch("MRX-2301", limit=5)

    assert str(error) == (
        "MRX-2301 the document is larger than the limit (limit: 5); send smaller batches"
    )
    assert (error.code, error.facts) == ("MRX-2301", {"limit": 5})
    assert str(branch("MRX-2308")).startswith("MRX-2308 a reference occurs twice in the document;")


def test_the_tree_at_the_top_of_the_file_is_the_tree():
    drawn = re.findall(r"^[ │├└─]*(\w+)", errors.__doc__.split("\n\n")[1], re.MULTILINE)

    assert {branch.__name__ for branch in BRANCHES} <= set(drawn)
