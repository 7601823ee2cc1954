"""`mrx demo`: the whole exchange where anyone can see it."""

from typing import Annotated

import typer

from gateway import demo as show
from gateway.cli.nouns import noun

app = noun()


@app.command(epilog="Example: mrx demo --once")
def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="End when all is settled; else go on serving.")
    ] = False,
) -> None:
    """Show the whole exchange: this gateway and five partners as real processes.

    It uses its own fresh folder under $MRX_HOME and free ports; nothing else is touched.
    """
    raise typer.Exit(show.run(once=once))
