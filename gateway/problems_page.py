"""The page of all codes, `docs/problems.md`: made from `schemas.codes`, never by hand."""

from collections.abc import Iterable, Iterator, Mapping

from gateway.api.problems import status_of
from schemas.codes import CODES, Code

HEAD = """# Problems

Every code of `mrx`, in the order of the numbers. Made by `make docs` from `schemas/codes.py`; `mrx explain MRX-4003` says the same of one.

A code never changes its meaning and is never used again. Sentences may be reworded: programs read the code. By HTTP an error is
`application/problem+json` (RFC 9457), its `type` is `urn:mrx:problem:` and the code; the column HTTP is its status. On the command
line it is `error:` and the code on stderr. No company data stands in either.

*Who* is said of the codes that keep a notice from a partner: the company, the source (the home programme's systems) or the operator
of the gateway can repair it; where nobody is named there, an agreement decides.
"""
RANGES: Mapping[str, str] = {
    "10": "A line cannot be read",
    "11": "A member cannot be taken",
    "12": "A consent event cannot be taken",
    "19": "Taken, with a warning",
    "21": "A record cannot be said in the partner's format",
    "22": "A record may not be said",
    "23": "A document is not what its XSD says",
    "30": "A signed file is not believed",
    "40": "A rule of the exchange is broken",
    "50": "The command cannot be carried out",
    "60": "What became of an attempt",
    "70": "A call by HTTP cannot be answered as asked",
    "90": "The gateway itself is not ready",
    "99": "A fault of the program",
}


def page() -> str:
    """The page, in Markdown."""
    return "\n".join([HEAD, *_sections()])


def _sections() -> Iterator[str]:
    for digits, title in RANGES.items():
        codes = [code for code in CODES.values() if code.code[4:6] == digits]
        yield f"## {title}\n"
        yield "| code | what is so | what to do | who | HTTP |"
        yield "|---|---|---|---|---|"
        yield from _rows(codes)
        yield ""


def _rows(codes: Iterable[Code]) -> Iterator[str]:
    for code in sorted(codes, key=lambda code: code.code):
        cells = (code.code, code.title, code.repair, code.repairer, status_of(code.code))
        said = ("" if cell is None else str(cell).replace("|", r"\|") for cell in cells)
        yield "| " + " | ".join(said) + " |"
