"""P1: one function may release a batch. Who calls it, who carries away what it released, and who reads
the sealed bytes that are kept, found in the product's text: each by its name, and nobody else.

A name is followed through imports and other names for it to where it is defined; a method that sends
has no such place, so every `.send` is looked at, whatever it is of.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

import outbox

ROOT = Path(outbox.__file__).parents[1]
ROOMS = ("gateway", "outbox", "partners")

# What is looked for, and the functions in which it stands (module:function).
ONLY: Mapping[str, frozenset[str]] = {
    what: frozenset(where)
    for what, where in {
        # a batch leaves by one step of the delivery ...
        ".send": {"outbox.delivery:Delivery._send"},
        # ... to the door of the partner's batches; the sandbox waits behind that door, and the
        # conformance kit knocks there with companies it invented
        "'/partner/batches'": {
            "outbox.transport:HttpTransport.send",
            "gateway.sandbox.misbehaviour:<module>",
            "gateway.conformance.run:<module>",
        },
        # ... or is handed over to whoever comes for it
        "outbox.handing_over.next_batch": {
            "gateway.api.partner.pull:next_batch",
            "gateway.cli.batch:next_",
        },
        "outbox.handing_over.Handed()": {"outbox.handing_over:_handed"},
        # both by the same claim, which only the release gives
        "outbox.claiming.claim": {"outbox.delivery:Delivery.step", "outbox.handing_over:_from"},
        "outbox.release.release": {"outbox.claiming:_try"},
        "outbox.issuing.first": {"outbox.release:release"},
        "outbox.issuing.next_issue": {"outbox.release:_in_flight"},
        "outbox.issuing.again": {"outbox.release:_in_flight"},
        "outbox.issuing._attempt": {
            "outbox.issuing:first",
            "outbox.issuing:next_issue",
            "outbox.issuing:again",
        },
        "outbox.issuing.Claim()": {"outbox.issuing:_attempt"},
        # the bytes of a stored batch: to be sent again, or for a person's own records
        "outbox.batch.file": {"outbox.issuing:again"},
        "outbox.evidence.issue_file": {
            "outbox.release:export",
            "gateway.evidence_file:_Writing._parts",
        },
        # the table they are kept in: written, read by the two above, counted and erased; the others
        # want digests and moments
        "schemas.tables.batch_files": {
            "outbox.issuing:<module>",
            "outbox.batch:<module>",
            "outbox.evidence:issue_file",
            "outbox.expired_files:of_batch_files",
            "outbox.evidence:issues",
            "outbox.epochs:sent",
            "gateway.views.batch_story:<module>",
        },
        "'batch_files'": {"outbox.expired_files:of_batch_files", "outbox.retention:<module>"},
    }.items()
}

# Methods of this name that carry no batch: h11's, which frames an answer of ours, and the
# conformance kit's, whose batches are of companies it invented.
OTHER_SENDS = {("gateway.connection", "self.conn")}
INVENTED = ("gateway.conformance.", {"run", "self"})

# What a text may name instead: the door, and the table in a statement of its own.
WORDS = {
    "'/partner/batches'": re.compile(r"/partner/batches/?$"),
    "'batch_files'": re.compile(r"\bbatch_files\b"),
}


class Look(ast.NodeVisitor):
    """Walks one module's tree and notes what it finds of `ONLY`, and in which function."""

    def __init__(self, module: str) -> None:
        self.found: set[tuple[str, str]] = set()
        self._module = module
        self._inside: list[str] = []
        # All that a name means anywhere in the module: one meaning hides no other.
        self._means: defaultdict[str, set[str]] = defaultdict(set)

    def note(self, what: str) -> None:
        if what in ONLY:
            self.found.add((what, f"{self._module}:{'.'.join(self._inside) or '<module>'}"))

    def visit_Module(self, node: ast.Module) -> None:
        for one in node.body:
            if isinstance(one, ast.FunctionDef | ast.ClassDef):
                self._means[one.name].add(f"{self._module}.{one.name}")
        for one in ast.walk(node):
            match one:
                case ast.Import():
                    for name in one.names:
                        root = name.name.partition(".")[0]
                        self._means[name.asname or root].add(name.name if name.asname else root)
                case ast.ImportFrom(level=level, module=origin):
                    for name in one.names:
                        assert level == 0, f"{self._module} imports from where it stands"
                        assert name.name != "*", f"{self._module} imports names it does not say"
                        self._means[name.asname or name.name].add(f"{origin}.{name.name}")
                case ast.Assign(targets=[ast.Name(id=other)], value=value):
                    self._means[other] |= self.meant(value)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._within(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._within(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._within(node)

    def _within(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self._inside.append(node.name)
        self.generic_visit(node)
        self._inside.pop()

    def visit_Name(self, node: ast.Name) -> None:
        for what in self.meant(node):
            self.note(what)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        for what in self.meant(node):
            self.note(what)
        if node.attr == "send" and not self._other(ast.unparse(node.value)):
            self.note(".send")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        for what in self.meant(node.func):
            self.note(f"{what}()")
        by_name = ast.unparse(node.func).endswith(("getattr", "attrgetter", "methodcaller"))
        if by_name and any(isinstance(a, ast.Constant) and a.value == "send" for a in node.args):
            self.note(".send")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        for what, word in WORDS.items():
            if isinstance(node.value, str) and word.search(node.value):
                self.note(what)

    def meant(self, node: ast.expr) -> set[str]:
        """Where that may be defined which an expression names."""
        match node:
            case ast.Name():
                return self._means.get(node.id, set())
            case ast.Attribute():
                return {f"{of}.{node.attr}" for of in self.meant(node.value)}
        return set()

    def _other(self, of: str) -> bool:
        kit, receivers = INVENTED
        return (self._module, of) in OTHER_SENDS or (
            self._module.startswith(kit) and of in receivers
        )


def found(module: str, text: str) -> set[tuple[str, str]]:
    """What of `ONLY` stands in a module's text, and where."""
    look = Look(module)
    look.visit(ast.parse(text))
    return look.found


def text_of(module: str) -> str:
    return ROOT.joinpath(*module.split(".")).with_suffix(".py").read_text("utf-8")


@cache
def modules() -> Mapping[str, str]:
    """The text of every module of the rooms that can reach a batch."""
    files = [file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))]
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): (
            file.read_text("utf-8")
        )
        for file in files
    }


def named(there: set[tuple[str, str]]) -> dict[str, frozenset[str]]:
    return {what: frozenset(where for one, where in there if one == what) for what in ONLY}


@pytest.mark.slow
def test_a_batch_leaves_by_one_function_and_its_stored_bytes_are_read_by_those_named_here():
    there = set[tuple[str, str]]().union(*(found(*one) for one in modules().items()))
    assert named(there) == ONLY


PLANTED = {
    "it sends": (".send", "def p(delivery, claim): delivery.transport.send(claim.push_url, b'')"),
    "under another name": (
        ".send",
        "def p(terms):\n    wire = HttpTransport.under(terms)\n    say = wire.send\n    say('', b'')",
    ),
    "by the name of the method": (".send", "def p(wire): getattr(wire, 'send')('', b'')"),
    "past the transport": (
        "'/partner/batches'",
        "from outbox import call\ndef p(url): call.call('POST', f'{url}/v1/partner/batches')",
    ),
    "it claims": (
        "outbox.claiming.claim",
        "from outbox.claiming import claim as look\ndef p(house): return look(house)",
    ),
    "it releases": (
        "outbox.release.release",
        "import outbox.release\ndef p(tx): return outbox.release.release(tx)",
    ),
    "it issues": (
        "outbox.issuing.again",
        "import outbox.issuing as i\ndef p(tx):\n    j = i\n    return j.again(tx)",
    ),
    "it makes a claim": (
        "outbox.issuing.Claim()",
        "def p(batch):\n    from outbox.issuing import Claim\n    return Claim(batch=batch)",
    ),
    "it hands over": (
        "outbox.handing_over.Handed()",
        "from outbox.handing_over import Handed\nclass P:\n    made = Handed(None, b'')",
    ),
    "it reads the bytes": (
        "outbox.batch.file",
        "from outbox import batch as b\nasync def p(tx): return b.file(tx, 1, 1)",
    ),
    "or lets others read them": (
        "outbox.evidence.issue_file",
        "from outbox import evidence\ndef p(run): run(evidence.issue_file)",
    ),
    "it asks the table": (
        "schemas.tables.batch_files",
        "from schemas import tables\ndef p(tx): tx.scalar(select(tables.batch_files.c.file))",
    ),
    "in words": (
        "'batch_files'",
        "def p(tx): tx.scalar(text('SELECT file FROM batch_files WHERE issue = 1'))",
    ),
}


@pytest.mark.parametrize("module", ["outbox.resending", "outbox.delivery", "outbox.release"])
@pytest.mark.parametrize("plant", PLANTED)
def test_one_more_is_found_wherever_it_stands(plant: str, module: str):
    what, more = PLANTED[plant]
    text = text_of(module)
    ((also, where),) = found(module, f"{text}\n\n{more}\n") - found(module, text)

    assert also == what
    assert where in {f"{module}:p", f"{module}:P"}
    assert where not in ONLY[what]


def test_one_more_beside_the_one_that_may_is_found_by_its_function():
    text = text_of("outbox.delivery")
    moved = text.replace("def _send(", "def _send_or_so(")

    assert moved != text
    assert (".send", "outbox.delivery:Delivery._send_or_so") in found("outbox.delivery", moved)
