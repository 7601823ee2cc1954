"""`mrx pull`: fetch a partner's batches by hand, also beside a gateway that serves."""

from typing import Annotated

import typer

from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Partner
from gateway.puller import fetching

app = noun()


@app.command(epilog="Example: mrx pull mx-neec")
def pull(
    code: Partner,
    *,
    once: Annotated[bool, typer.Option("--once", help="One batch at most.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch a partner's batches here and now.

    Each is taken and answered with our signed receipt, until nothing more is due. The address is
    that of `mrx partner connect --pull`; a gateway that serves does the same by itself.
    """
    taken, idle = 0, False
    limit = here.settings().body_bytes_max
    with here.house() as house:
        partner = fetching(house, code, bytes_max=limit)
        while not idle and not (once and taken):
            file = partner.next()
            idle = file is None
            if file is not None:
                partner.settle(file)
                taken += 1
    answer.one({"partner": code, "batches": taken, "idle": idle}, json=as_json)
