"""Every command by name, and the root that finds them.

    mrx NOUN VERB ...     a noun is a module of this folder with its own group
    mrx VERB ...          some acts have no noun; they stand in a module beside others

A module is imported when its command is called, and not before: SQLAlchemy, lxml and the web
framework cost more than a second to import, and `mrx --help` needs none of them. The lines of help
stand here for the same reason; a test compares those of the verbs with the commands' own.
"""

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, TypeAlias

import typer
from typer.core import TyperGroup
from typer.main import get_group

from gateway.cli import exits, faults
from schemas.errors import MrxError

# Typer keeps its own copy of click behind an underscore; these are its types.
_Context: TypeAlias = Any
_Formatter: TypeAlias = Any
_Command: TypeAlias = Any

VERBS: Mapping[str, tuple[str, str]] = {
    "init": ("home", "Make this gateway's database and keys, or bring them up to date."),
    "serve": ("serve", "Serve partners over HTTP and deliver to them, until told to stop."),
    "worker": ("worker", "Work lanes that Celery wakes, beside `mrx serve`, until told to stop."),
    "deliver": ("deliver", "Run the lanes here and now."),
    "pull": ("pull", "Fetch a partner's batches here and now."),
    "conformance": ("conformance", "Check a partner's endpoint against the rules of the exchange."),
    "reconcile": ("reconcile", "Find what two ends hold differently, and repair only that."),
    "restore": (
        "restore",
        "Make a gateway of a backup, in an empty home folder or an empty database.",
    ),
    "open": ("opening", "Verify a sealed file and put its content on stdout."),
    "certificate": ("home", "Put our own certificate on stdout, in PEM."),
    "sandbox": ("serve", "Be a partner's end: the same software with that programme as its home."),
    "demo": ("demo", "Show the whole exchange: this gateway and five partners as real processes."),
    "overview": (
        "overview",
        "Show what needs a person, the worst first, and how every partner stands.",
    ),
    "doctor": ("doctor", "Look at all this gateway needs, and say what is missing or set wrongly."),
    "settings": (
        "settings",
        "Show every setting: the value in force, the default, and what it means.",
    ),
    "top": ("top", "Show how every partner stands, live, and pause or resume one."),
    "metrics": ("metrics", "Put all metrics on stdout, as Prometheus reads them."),
    "explain": ("explain", "Say what a code means, what to do about it, and who can."),
    "openapi": ("explain", "Put a door's OpenAPI description on stdout."),
    "version": ("about", "Say which version this is."),
}
NOUNS: Mapping[str, str] = {
    "push": "Take members or consents from the source.",
    "member": "A member as the source last described it.",
    "consent": "Consents: what officers permitted, and took back.",
    "partner": "Partners: agreements, addresses, certificates, lanes.",
    "key": "Our own keys: the current one, and the next.",
    "approval": "Acts for two persons: what waits for the second one.",
    "onboarding": "New partners: what is done of each one's list, and going live.",
    "notice": "Notices: what waits, what is blocked and why, what is held.",
    "batch": "Batches: what left or is on its way, with its evidence.",
    "failure": "Failures: what keeps notices from partners, by cause.",
    "replay": "Replays: what a partner turned down, told again.",
    "outcome": "Outcomes: what became of each notice.",
    "receipt": "Receipts: a partner's signed answers, brought by hand.",
    "disclosure": "Disclosures: who was told what about a member.",
    "revocation": "Revocations, until deletion is confirmed.",
    "report": "Reports: for how long lost benefits could still be had.",
    "inbound": "Inbound batches: what partners sent, and what waits for a person.",
    "roll": "Rolls: members as a programme last described them.",
    "recognised": "Recognised foreign members, found by their numbers; MIDs attached by hand.",
    "ledger": "The ledger: what happened, in one chain.",
    "retention": "Retention: what is kept how long, and what is over its term.",
    "backup": "Backups: the whole gateway in one file, made while it runs.",
    "restored": "After a restore: what is still open, and partners that cannot be asked.",
    "user": "Users: the people who may sign in at the console, and their roles.",
    "token": "Tokens: what systems of the source, and operators' tools, prove themselves with.",
    "translate": "Translate members to or from a programme's document.",
}


class _Commands(Mapping[str, _Command]):
    """The commands, each imported when it is asked for."""

    def __getitem__(self, name: str) -> _Command:
        if name in VERBS:
            return _group(VERBS[name][0]).commands[name]
        if name not in NOUNS:
            raise KeyError(name)
        group = _group(name)
        group.name, group.help = name, NOUNS[name]
        return group

    def __iter__(self) -> Iterator[str]:
        yield from NOUNS
        yield from VERBS

    def __len__(self) -> int:
        return len(NOUNS) + len(VERBS)


def _group(module: str) -> TyperGroup:
    return get_group(import_module(f"gateway.cli.{module}").app)


class Root(TyperGroup):
    """`mrx` itself: finds the command, and shows whatever goes wrong in it once and in one way."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Commands()  # type: ignore[assignment]  # nothing is ever added to it

    def list_commands(self, _context: _Context) -> list[str]:
        return list(self.commands)

    def format_commands(self, _context: _Context, formatter: _Formatter) -> None:
        verbs = {name: line for name, (_, line) in VERBS.items()}
        for title, lines in (("Nouns", NOUNS), ("Acts", verbs)):
            with formatter.section(title):
                formatter.write_dl(list(lines.items()))

    def invoke(self, context: _Context) -> Any:
        try:
            answer = super().invoke(context)
            sys.stdout.flush()  # so that a closed pipe is met here, and not at the very end
        except MrxError as error:
            faults.show(error)
            raise typer.Exit(exits.FAILED) from error
        except BrokenPipeError as error:
            faults.forget_stdout()
            raise typer.Exit(exits.PIPE_CLOSED) from error
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise  # a command's own exit code, or a usage error: Typer knows what to do
        except Exception as error:
            # The one edge of the command line: whatever it was, it is shown and fails.
            faults.show_unexpected(error)
            raise typer.Exit(exits.FAILED) from error
        return answer
