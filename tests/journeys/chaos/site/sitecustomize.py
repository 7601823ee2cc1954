"""Found by the interpreter as it starts, also in processes that a process of ours starts."""

import os

if os.environ.get("MRX_CHAOS"):
    from tests.journeys.chaos import mutants

    mutants.apply(os.environ["MRX_CHAOS"])
