"""`mrx receipt`: a partner's signed answer, brought by hand."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway import inbound
from gateway.cli import answer, files, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson
from outbox import receipts

app = noun()


@app.command("import", epilog="Example: mrx receipt import receipt.p7m")
def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A partner's .p7m; '-' is stdin.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Take a partner's receipt for a batch of ours from a file.

    It is believed as if it came over the network: by its signature. The same receipt again
    changes nothing.
    """
    now = datetime.now(UTC)
    with here.house() as house:
        bytes_max = house.terms.receipt_bytes_max
        content = files.read(file, bytes_max=bytes_max)
        inbound.take_receipt(house, content, bytes_max=bytes_max, now=now)
        partner, _ = inbound.believe(house, content, bytes_max=bytes_max, now=now)
        receipt = receipts.believe(house, partner, content, now=now).receipt
    facts = {
        "partner": partner,
        "lane": receipt.lane,
        "number": receipt.number,
        "issue": receipt.issue,
        "level": receipt.level.value,
        "verdict": None if receipt.verdict is None else receipt.verdict.value,
        "refused": len(receipt.refused),
    }
    answer.one(facts, json=as_json)
