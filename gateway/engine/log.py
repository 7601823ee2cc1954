"""How the processes of the engine celery write their log: as all others, without Celery's own."""

import logging
import warnings
from typing import Literal

from celery import signals
from celery.platforms import SecurityWarning

from gateway import log


def begin(form: Literal["json", "text"]) -> None:
    """In a process that runs Celery: our format, and none of what it says about itself."""
    log.begin(form)
    for talkative in ("celery", "kombu", "amqp"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", category=SecurityWarning)  # in a container root is nobody
    # Who connects to this signal has configured logging; Celery leaves it alone then.
    signals.setup_logging.connect(_ours, weak=False)


def _ours(**_: object) -> None:
    """Nothing more to do."""
