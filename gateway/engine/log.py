"""How the processes of a gateway write their log: one line an event, on stderr."""

import logging
import warnings

from celery import signals
from celery.platforms import SecurityWarning


def begin() -> None:
    """In a process that runs Celery: our format, and none of what it says about itself."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for talkative in ("celery", "kombu", "amqp", "httpx2", "alembic"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", category=SecurityWarning)  # in a container root is nobody
    # Who connects to this signal has configured logging; Celery leaves it alone then.
    signals.setup_logging.connect(_ours, weak=False)


def _ours(**_: object) -> None:
    """Nothing more to do."""
