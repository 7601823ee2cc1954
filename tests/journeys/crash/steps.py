"""Every durable step of the product, found in its text: what outlives the process that does it.

    transaction   `with house.database.write(...)`, `.migrate()`: a commit
    file          a name made, moved or taken away, bytes put on disk
    request       bytes that leave for a partner, and its answer

A step is known by its function and its place in it, the first, the second: a new one in a function
moves the others, and whoever adds it must look at the table again.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("gateway", "outbox", "partners", "mappers", "signing", "schemas")

_OF_OS = frozenset(
    [
        "link",
        "replace",
        "rename",
        "fsync",
        "symlink",
        "unlink",
        "remove",
        "rmdir",
        "mkdir",
        "makedirs",
        "truncate",
        "ftruncate",
    ]
)
_OF_PATHS = frozenset(
    [
        "rename",
        "unlink",
        "touch",
        "mkdir",
        "rmdir",
        "write_bytes",
        "write_text",
        "symlink_to",
        "hardlink_to",
    ]
)
_OF_TEMPFILE = frozenset(
    [
        "mkstemp",
        "mkdtemp",
        "TemporaryFile",
        "NamedTemporaryFile",
        "TemporaryDirectory",
        "SpooledTemporaryFile",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One of them. `where` is module:function, `nth` counts from one within the function."""

    where: str
    nth: int
    kind: str
    file: Path
    first: int
    last: int

    @property
    def at(self) -> str:
        """Where it stands, as a compiler would say it."""
        return f"{self.file.relative_to(ROOT)}:{self.first}"


@cache
def every() -> tuple[Step, ...]:
    """All durable steps of the product."""
    files = [file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))]
    return tuple(step for file in files for step in of(file, file.read_text("utf-8")))


def of(file: Path, text: str) -> Iterator[Step]:
    """Those of one file."""
    module = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    look = _Look()
    look.visit(ast.parse(text))
    counted: dict[str, int] = {}
    for function, call, kind in sorted(
        look.found, key=lambda one: (one[1].lineno, one[1].col_offset)
    ):
        where = f"{module}:{function}"
        counted[where] = counted.get(where, 0) + 1
        yield Step(
            where=where,
            nth=counted[where],
            kind=kind,
            file=file,
            first=call.lineno,
            last=call.end_lineno or call.lineno,
        )


class _Look(ast.NodeVisitor):
    def __init__(self) -> None:
        self.found: list[tuple[str, ast.Call, str]] = []
        self._inside: list[str] = []
        self._entered: set[ast.expr] = set()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._within(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._within(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._within(node)

    def _within(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._inside.append(node.name)
        self.generic_visit(node)
        self._inside.pop()

    def visit_With(self, node: ast.With) -> None:
        self._entered |= {item.context_expr for item in node.items}
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        kind = self._kind(node)
        if kind is not None:
            self.found.append((".".join(self._inside) or "<module>", node, kind))
        self.generic_visit(node)

    def _kind(self, call: ast.Call) -> str | None:
        if isinstance(call.func, ast.Name):
            writes = call.func.id == "open" and _writes(call.args[1:2], call)
            return "file" if writes else None
        if not isinstance(call.func, ast.Attribute):
            return None
        name, of = call.func.attr, _last(call.func.value)
        if name in {"write", "migrate"}:
            is_one = call in self._entered or of in {"database", "_database"}
            return "transaction" if is_one else None
        if (name == "send" and of in {"transport", "_transport"}) or (of, name) == (
            "asking",
            "ask",
        ):
            return "request"
        return "file" if _of_files(of, name, call) else None


def _of_files(of: str, name: str, call: ast.Call) -> bool:
    match of:
        case "os":
            creates = name == "open" and "O_CREAT" in ast.unparse(call)
            return creates or name in _OF_OS
        case "tempfile":
            return name in _OF_TEMPFILE
        case "shutil":
            return name.startswith(("copy", "move", "rmtree"))
    if name == "replace":  # of a text, it has two; of a date, they are named
        return (
            len(call.args) == 1 and not call.keywords and not isinstance(call.args[0], ast.Starred)
        )
    if name == "open":
        return _writes(call.args[:1], call)
    return name in _OF_PATHS


def _writes(first: list[ast.expr], call: ast.Call) -> bool:
    """Whether the mode with which a file is opened lets it be written."""
    modes = first + [word.value for word in call.keywords if word.arg == "mode"]
    words = [one.value for one in modes if isinstance(one, ast.Constant)]
    return any(
        isinstance(word, str) and len(word) <= 3 and set(word) & set("wax") for word in words
    )


def _last(value: ast.expr) -> str:
    """The last name of `here.house.database`."""
    if isinstance(value, ast.Attribute):
        return value.attr
    return value.id if isinstance(value, ast.Name) else ""
