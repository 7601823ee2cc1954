"""The page of what is kept how long, `docs/retention.md`: made from `outbox.retention`, never by hand."""

from collections.abc import Iterable, Iterator

from gateway.views.retention import in_words
from outbox.retention import KEPT, PROOF_YEARS_MIN, RULES, SWEPT, Lasting, Rule

HEAD = """# What is kept how long

Made by `make docs` from `outbox/retention.py`. `mrx retention show` says what is over its term now, and erases nothing.

The terms are the administration's to set: which law or arrangement asks for how long is not known to this program, and its
defaults are no advice. Two things it holds to. What proves a disclosure is kept at least {years} years (P8): a shorter setting stops
every command with MRX-9010. And whatever is not in a state that allows it stays, however old it is: nothing that is on its way,
unanswered or waiting for a person is erased.
"""
TAIL = """## How it is erased

- **Off until it is switched on.** Erasing cannot be undone, so a new gateway erases nothing by itself. With `MRX_RETENTION=on` the process
  whose turn it is makes a run a day. By hand: `mrx retention apply --reason ...`, in production after a second person's yes; or the page
  Retention of the console, `POST /v1/ops/retention`, each for two persons in any case (a security officer asks, an approver decides).
- **What was shown is what goes.** A run fixes its cutoffs when it begins. It works in chunks of some hundred rows, or some megabytes, each a
  transaction of its own with the counts so far; others write between them. A run that is killed goes on where it was. The ledger has
  an entry when it begins (`retention begun`) and one for each rule that erased anything (`erased`): rows, bytes, from when to when,
  before which moment. No company stands in them.
- **What stays proves it.** After the file is gone the ledger's entry `disclosed` still says who was told of whom, under which consent, in which
  batch, with the digest of each record and of the file; the receipt's entry says what came back. Whoever kept the file proves with
  `sha256sum` that it is the one. `mrx ledger verify` walks the chain as before: nothing is ever taken out of it.
- **Not every copy is here.** Backups made before still hold what was erased: give them a term, too, and run `mrx retention apply` after a
  restore. So do exported files and evidence that people took; the ledger says who took them.

## What is left on the disk

**SQLite.** Whatever is deleted is overwritten with zeros at once (`secure_delete`), also by ordinary changes of a name. A run ends by folding
the write-ahead log into the file and cutting it off, so that older pages are gone, too. If a reader is in the way, the run waits as `wiping`
and ends later. A database from a version before this one may still hold older remnants: `mrx retention rewrite`, once.

**PostgreSQL.** A run ends with a `VACUUM` of the tables it touched. That makes the room of dead rows free; their bytes stand in the data files
until something is written over them. Where that must not wait, `mrx retention rewrite` (`VACUUM FULL`, everybody waits) makes the files
anew. The server's write-ahead log, its archive and its base backups hold older pages for as long as you keep them.

Neither reaches below the file system: on flash disks and snapshots, encrypt the volume and destroy its key.
"""


def page() -> str:
    """The page, in Markdown."""
    return "\n".join([HEAD.format(years=PROOF_YEARS_MIN), *_sections(), TAIL])


def _sections() -> Iterator[str]:
    yield "## Erased by a run, when its term is over\n"
    yield "| rule | what goes | in which state | counted from when | setting | default | what stays | why |"
    yield "|---|---|---|---|---|---|---|---|"
    yield from (_row(_rule(rule)) for rule in RULES)
    yield "\n## Thrown away by itself, always\n"
    yield from _lasting(SWEPT)
    yield "\n## Never erased\n"
    yield from _lasting(KEPT)
    yield ""


def _rule(rule: Rule) -> tuple[str, ...]:
    setting = f"`MRX_{rule.setting.upper()}`"
    least = f"at least {in_words(rule, rule.least)}"
    default = f"{in_words(rule, rule.default)} ({least})"
    goes = f"{rule.goes} (`{'`, `'.join(rule.tables)}`)"
    return (rule.name, goes, rule.state, rule.since, setting, default, rule.stays, rule.why)


def _lasting(listed: Iterable[Lasting]) -> Iterator[str]:
    yield "| what | tables | how long | why |"
    yield "|---|---|---|---|"
    for one in listed:
        yield _row((one.what, one.tables, one.long, one.why))


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
