"""The diagnostics file: what whoever helps may be sent. Names of settings, and no value of any.

Findings are kept in their own words, but for what a setting says: the home folder's path is written
as its name, and of a server that refused us only the code stays, because its words name it.
"""

import platform
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import orjson

from gateway.checkup.finding import Result, Step
from gateway.settings import Settings
from schemas import migration

KIND: Final = "mrx-diagnostics/1"
PREFIX: Final = "MRX_"
# Below that a word is no address: it may stand in any sentence.
_VALUE_LENGTH_MIN: Final = 4
# In whose words a host, a role or a user may stand.
_OF_SERVERS: Final = frozenset({"database", "redis", "settings"})
_CODE: Final = re.compile(r"MRX-[0-9]{4}|MRX_[A-Z_]+")


def program() -> dict[str, str]:
    """Which program this is, and on what it runs."""
    try:
        ours = version("mrx")
    except PackageNotFoundError:  # run from a source tree that is not installed
        ours = "unknown"
    return {
        "mrx": ours,
        "schema": migration.head(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def facts(
    settings: Settings | None,
    environment: Mapping[str, str],
    steps: Iterable[Step],
    *,
    now: datetime,
) -> dict[str, Any]:
    """The content of the file. `settings` is None where they cannot be read."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    given = {name.upper() for name in environment}
    if settings is not None:
        given |= {PREFIX + name.upper() for name in settings.model_fields_set}
    values = _values(settings, environment)
    return {
        "document": KIND,
        "made_at": now,
        "program": program(),
        "settings": {
            "given": [name for name in known if name in given],
            "default": [name for name in known if name not in given],
        },
        "findings": [_finding(step, values) for step in steps],
    }


def written(told: Mapping[str, Any]) -> bytes:
    """The file itself: one JSON document."""
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z) + b"\n"


def _values(settings: Settings | None, environment: Mapping[str, str]) -> dict[str, str]:
    """What must not be repeated, with the name to write for it; the longest first."""
    values = {
        value: f"${name.upper()}"
        for name, value in environment.items()
        if name.upper().startswith(PREFIX) and len(value) >= _VALUE_LENGTH_MIN
        if "/" in value or ":" in value
    }
    if settings is not None:
        for path in (settings.home, settings.home.resolve()):
            if len(str(path)) >= _VALUE_LENGTH_MIN:
                values[str(path)] = "$MRX_HOME"
    return dict(sorted(values.items(), key=lambda one: -len(one[0])))


def _finding(step: Step, values: Mapping[str, str]) -> dict[str, Any]:
    sentence, following = step.sentence, step.next
    if step.step in _OF_SERVERS and step.result is Result.FAILED:
        sentence = " ".join(_CODE.findall(sentence)) or "it failed"
        following = None
    return {
        "step": step.step,
        "result": step.result.value,
        "sentence": _without(sentence, values),
        "next": None if following is None else _without(following, values),
    }


def _without(sentence: str, values: Mapping[str, str]) -> str:
    for value, name in values.items():
        sentence = sentence.replace(value, name)
    return sentence
