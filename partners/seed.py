"""The standing facts a gateway starts with, read from `programmes.toml`."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection, insert, select

from schemas.agreement import Stage
from schemas.consent import ConsentText
from schemas.programme import PROGRAMMES
from schemas.status import Status
from schemas.tables import agreements


@cache
def _facts() -> dict[str, Any]:
    return tomllib.loads(files("partners").joinpath("programmes.toml").read_text("utf-8"))


@cache
def texts(home: str) -> dict[str, ConsentText]:
    """The consent texts that members of `home` may have signed, by id."""
    return {
        text["id"]: ConsentText(
            id=text["id"],
            valid_from=text["valid_from"],
            programmes=frozenset(text["programmes"]),
            schemes=frozenset(text["schemes"]),
            names_tiers=text["tiers"],
        )
        for text in _facts()["text"]
        if text["home"] == home
    }


def seed(tx: Connection, home: str) -> None:
    """Write the agreements of `home` that are not there yet; what is there is left alone.

    Both directions of a pair use the schemes of the programme that speaks, so that each end
    allows exactly what its own members can carry.
    """
    there = set(tx.scalars(select(agreements.c.partner)))
    for fact in _facts()["agreement"]:
        others = [code for code in fact["programmes"] if code != home]
        if len(others) != 1 or others[0] in there:
            continue
        tx.execute(
            insert(agreements).values(
                partner=others[0],
                format=fact["format"],
                stage=int(Stage(fact["stage"])),
                enabled=False,
                signed_on=fact["signed_on"],
                effective_on=fact["effective_on"],
                ended_on=None,
                schemes=sorted(PROGRAMMES[home].schemes),
                statuses=[status.value for status in Status],
                business_types=None,
                push_url=None,
                revision=1,
                coverage=fact.get("covers", {}).get(others[0]),
            )
        )
