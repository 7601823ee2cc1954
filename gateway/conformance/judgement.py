"""How a check can come out, and what it may demand of an answer.

    returns              ok
    raises `Failed`      the partner's end breaks a rule of the exchange
    raises `Skipped`     it cannot be judged here, and why

Their sentences never hold anything of an answer but its status and a code of ours.
"""

import re

from outbox.call import Reply

_CODE = re.compile(rb'"code":\s*"(MRX-[0-9]{4})"')


class Failed(Exception):
    """The sentence says what was expected, and what came."""


class Skipped(Exception):
    """The sentence says why it cannot be judged."""


def code(reply: Reply) -> str | None:
    """The code of a problem, where the partner speaks in ours."""
    found = _CODE.search(reply.body[:4096])
    return None if found is None else found[1].decode()


def named(reply: Reply) -> str:
    """What came, in a word or two."""
    ours = code(reply)
    return f"HTTP {reply.status}" + (f" ({ours})" if ours else "")


def refused(reply: Reply, what: str) -> str:
    """Demand that `what` was turned away: a client's error, and no receipt."""
    if not 400 <= reply.status < 500:
        raise Failed(f"{what} must be refused with a 4xx; it answered {named(reply)}")
    return named(reply)
