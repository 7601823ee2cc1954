"""Answers: the same facts for eyes, for pipes and for programs, and no name acts on a terminal."""

import csv
import json
import os
import pty
import re
from pathlib import Path

import orjson
import pytest

from gateway.cli.answer import inert, plain
from gateway.cli.text import clean, harmless
from tests.gateway.cli.command import Mrx, lines
from tests.world import member

NAUGHTY = "Ñandú [red]x[/red]\t\u009b2J\u202e gpj\u2028\r\n한국 \u05d0\u05d1"


def terminal(mrx: Mrx, *args: object, **env: str) -> str:
    """What a person sees: the command on a terminal of its own, 100 columns wide."""
    ours, its = pty.openpty()
    process = mrx.process(*args, stdin=its, stdout=its, stderr=its)
    os.close(its)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other side is closed: Linux says so in this way
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    assert process.wait(30) == 0, seen
    return seen.decode()


@pytest.fixture
def naughty(mrx: Mrx) -> Mrx:
    mrx.push(member("10000001", name=NAUGHTY), member("10000002"))
    return mrx


def test_json_is_exact(naughty: Mrx):
    names = [row["name"] for row in naughty.json("roll", "list", "us-ctpat")]

    assert names == [NAUGHTY, "Invented Company 10000002"]


def test_on_a_pipe_a_name_is_one_cell_of_one_line(naughty: Mrx):
    said = naughty("roll", "list", "us-ctpat").stdout_bytes.decode()

    assert said.count("\n") == 2
    account, name, *rest = said.splitlines()[0].split("\t")
    assert (account, name) == ("10000001", clean(NAUGHTY))
    assert rest == ["SCAC:QXQQ", "VALIDATED", "2014-04-07"]


FORMULAS = (
    '=HYPERLINK("http://invented.example","x")',
    "=cmd|' /C calc'!A0",
    "+1-555 Invented",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
)


def test_on_a_pipe_no_cell_is_a_formula_and_json_stays_exact(mrx: Mrx):
    """Lines with tabs are what a spreadsheet opens; there is no other form of ours that it does."""
    named = {str(10_000_000 + n): name for n, name in enumerate(FORMULAS)}
    mrx.push(*(member(account, name=name) for account, name in named.items()))

    rows = [row.split("\t") for row in mrx("roll", "list", "us-ctpat").stdout.splitlines()]

    assert [account for account, *_ in rows] == list(named)
    assert not [
        cell for row in rows for cell in row if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}
    ]
    exact = {row["account"]: row["name"] for row in mrx.json("roll", "list", "us-ctpat")}
    assert exact == named


QUOTED = (
    '"=1+1"',
    '"=HYPERLINK(""http://invented.example"")"',
    '"',
    '"Invented" Company',
    '"open to the next line',
    'Invented "in the middle"',
    "＝1+1",
    "＋1-555 Invented",
    "－2+3",
    "＠SUM(1+1)",
    "=5",
    "@5",
    "'=1+1",
    "''Invented",
    "'",
)


def test_a_spreadsheet_that_takes_quotes_away_finds_no_formula_and_every_row(mrx: Mrx):
    """It takes a cell that begins with a quotation mark for one in quotes: what is inside could be a
    formula, and one without an end would swallow the lines behind it. What it then shows is the name,
    or the name behind one apostrophe more.
    """
    named = {str(10_000_000 + n): name for n, name in enumerate(QUOTED)}
    mrx.push(*(member(account, name=name) for account, name in named.items()))

    rows = list(csv.reader(mrx("roll", "list", "us-ctpat").stdout.splitlines(), "excel-tab"))

    assert [account for account, *_ in rows] == list(named)
    shown = {account: name for account, name, *_ in rows}
    assert not [name for name in shown.values() if name[:1] in set('=+-@＝＋－＠"')]
    assert len(set(shown.values())) == len(named)
    for account, name in named.items():
        assert shown[account] in (name, f"'{name}")


def test_the_naughty_strings_are_no_formulas(shared: Path):
    for text in orjson.loads((shared / "data/naughty/blns.json").read_bytes()):
        cell = inert(plain(text))
        harmless_ = cell[:1] not in {"=", "+", "-", "@"} or re.fullmatch(r"[-+]?[0-9.]*", cell)
        assert harmless_, cell
        assert cell in (plain(text), f"'{plain(text)}")


@pytest.mark.processes
def test_on_a_terminal_there_is_a_header_and_no_name_acts_on_it(naughty: Mrx, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    seen = terminal(naughty, "roll", "list", "us-ctpat")

    assert "member since" in seen
    assert "[red]x[/red]" in seen
    assert "한국" in seen
    assert not re.search("[\u0080-\u009f\u202e\u2028]", seen)


@pytest.mark.processes
def test_no_color_is_respected(naughty: Mrx, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    coloured = terminal(naughty, "member", "show", "10000002")
    monkeypatch.setenv("NO_COLOR", "1")
    plain_ = terminal(naughty, "partner", "list")

    assert "\x1b[1m" in coloured
    assert not re.search(r"\x1b\[(3|4|9|10)[0-9](;|m)", plain_)


@pytest.mark.processes
def test_json_on_a_terminal_is_the_same_document_and_acts_on_nothing(naughty: Mrx):
    seen = terminal(naughty, "roll", "list", "us-ctpat", "--json")

    assert not re.search("[\u0080-\u009f\u202e\u2028]", seen)
    assert json.loads(seen)[0]["name"] == NAUGHTY


@pytest.mark.processes
def test_a_bar_is_drawn_on_a_terminal_only(mrx: Mrx, tmp_path: Path):
    file = tmp_path / "invented.ndjson"
    file.write_bytes(lines(*(member(str(10_000_000 + n)) for n in range(5_000))))

    seen = terminal(mrx, "push", "members", file)
    said = mrx("push", "members", file)

    assert "invented.ndjson" in seen
    assert "Took 5,000 of 5,000 lines" in seen
    assert "invented.ndjson" not in said.output


@pytest.mark.parametrize(
    "command",
    ["roll list us-ctpat", "notice list", "batch list", "partner list", "consent list 10000001"],
)
def test_an_empty_or_short_list_is_one_array(command: str, naughty: Mrx):
    assert isinstance(naughty.json(*command.split()), list)


def test_a_list_can_be_long(mrx: Mrx):
    mrx.push(*(member(str(10_000_000 + n)) for n in range(1_234)))

    assert len(mrx.json("roll", "list", "us-ctpat")) == 1_234
    assert mrx("roll", "list", "us-ctpat").stdout.count("\n") == 1_234


@pytest.mark.processes
def test_a_long_list_is_several_tables_on_a_terminal(mrx: Mrx):
    mrx.push(*(member(str(10_000_000 + n)) for n in range(501)))

    assert terminal(mrx, "roll", "list", "us-ctpat").count("member since") == 2


@pytest.mark.processes
def test_an_empty_list_says_so_on_a_terminal(mrx: Mrx):
    assert "None." in terminal(mrx, "batch", "list")


def test_the_naughty_strings_stay_in_their_cells(shared: Path):
    for text in orjson.loads((shared / "data/naughty/blns.json").read_bytes()):
        cell = plain(text)
        assert "\t" not in cell
        assert len(cell.splitlines()) <= 1
        assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", cell)
        document = orjson.dumps({"name": text})
        assert orjson.loads(harmless(document)) == {"name": text}


def test_joiners_of_persian_and_indic_names_are_left_alone():
    assert clean("می\u200cخواهم") == "می\u200cخواهم"
