"""Going through the console by its links and forms, as one person, without a browser.

/ --links--> pages --links--> pages ...      each address once; of addresses that differ only in
                                             which partner or batch they name, the first few
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx2

ROOT = "/console"
ALIKE_MAX = 3
"""So many pages of one kind are opened."""

_NAMES = re.compile(
    r"(?<=/)(?:[a-z]{2}-[a-z]+(?:\.[^/]+)?|MRX-\d{4}|[aw]?\d+|[0-9a-f]{8,}|[A-Z0-9]{12})(?=/|$)"
)


@dataclass(frozen=True)
class Form:
    """A form as it stands on a page: where it goes, and what it would send untouched."""

    page: str
    action: str
    method: str
    fields: tuple[tuple[str, str], ...]
    live: bool  # whether it stands in the part that is fetched anew


@dataclass
class Opened:
    """A page somebody may open."""

    address: str
    status: int
    html: str
    links: list[str]
    forms: list[Form]
    parts: set[str]  # each kind of element there is, whatever it says


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.parts: set[str] = set()
        self._form: tuple[str, str] | None = None
        self._fields: list[tuple[str, str]] = []
        self._select: str | None = None
        self._live = 0  # how many divs deep in the live part

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.parts.add(f"{tag}.{told.get('class')} {' '.join(sorted(told))}")
        if tag == "div" and (self._live or told.get("id") == "live"):
            self._live += 1
        if tag == "a" and "href" in told:
            self.links.append(urljoin(self.address, told["href"]))
        elif tag == "form":
            self._form = (urljoin(self.address, told.get("action", "")), told.get("method", "get"))
            self._fields = []
        elif self._form is not None and told.get("name"):
            self._field(tag, told)
        elif tag == "option" and self._select and "selected" in told:
            self._fields.append((self._select, told.get("value", "")))

    def _field(self, tag: str, told: dict[str, str]) -> None:
        if tag == "select":
            self._select = told["name"]
        elif tag == "input" and told.get("type") in {"checkbox", "radio"}:
            if "checked" in told:
                self._fields.append((told["name"], told.get("value", "on")))
        elif tag in {"input", "textarea", "button"}:
            self._fields.append((told["name"], told.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "div" and self._live:
            self._live -= 1
        if tag == "select":
            self._select = None
        elif tag == "form" and self._form is not None:
            action, method = self._form
            fields = tuple(self._fields)
            live = self._live > 0
            self.forms.append(Form(self.address, action, method.lower(), fields, live))
            self._form = None


def kind(address: str) -> str:
    """What addresses have in common that differ in which partner, batch or filter they name."""
    parts = urlsplit(address)
    asked = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})
    return _NAMES.sub("*", parts.path) + ("?" + "&".join(asked) if asked else "")


@dataclass
class Crawl:
    """What somebody finds. `elsewhere` are links that lead out of the console."""

    pages: list[Opened] = field(default_factory=list)
    files: list[tuple[str, int]] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


def crawl(client: httpx2.Client, *, start: str = f"{ROOT}/") -> Crawl:
    """Open every page that can be reached from the first one."""
    found = Crawl()
    waiting, seen, kinds = [start], {start}, Counter[str]()
    while waiting:
        address = waiting.pop(0)
        answer = client.get(address, follow_redirects=True)
        if "text/html" not in answer.headers.get("content-type", ""):
            found.files.append((address, answer.status_code))
            continue
        reader = _Reader(address)
        reader.feed(answer.text)
        found.pages.append(
            Opened(
                address, answer.status_code, answer.text, reader.links, reader.forms, reader.parts
            )
        )
        for link in reader.links:
            bare = link.partition("#")[0]
            if not bare.startswith(ROOT):
                found.elsewhere.append(bare)
            elif bare not in seen and kinds[kind(bare)] < ALIKE_MAX:
                seen.add(bare)
                kinds[kind(bare)] += 1
                waiting.append(bare)
    return found
