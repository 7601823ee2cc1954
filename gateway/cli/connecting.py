"""Connecting a partner: its certificate is pinned, its address kept, the exchange enabled.

Repeating it changes nothing; with another certificate it adds that one, so that an old and a new
key overlap.
"""

import re
from dataclasses import dataclass
from datetime import datetime

import httpx2

from gateway import own_keys
from outbox import ledger, pending, rest
from outbox.house import House
from partners import agreements, certificates
from partners.certificates import Pinned
from schemas.errors import BadRequest
from signing.certificate import Certificate

PORT_MAX = 65535
_HOST = re.compile(rb"[A-Za-z0-9.:_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """How a partner stands after connecting it; `changed` says whether anything is new."""

    partner: str
    push_url: str | None
    pull_url: str | None
    certificate: str
    changed: bool


def base_url(text: str) -> str:
    """The address as it is kept, without a slash at its end.

    Raises `BadRequest` MRX-5010 unless it is http or https with a host, and holds no user, no
    query and no fragment.
    """
    try:
        # The reader that will use it: what it cannot read later, it refuses now.
        url = httpx2.URL(text)
    except httpx2.InvalidURL as error:
        raise BadRequest("MRX-5010") from error
    # That reader takes more than any network does: hosts with blanks, ports without end.
    host = url.scheme in ("http", "https") and _HOST.fullmatch(url.raw_host) is not None
    port = url.port is None or 1 <= url.port <= PORT_MAX
    more = url.userinfo or "?" in text or "#" in text
    if not (host and port) or more or not text.isprintable():
        raise BadRequest("MRX-5010")
    return str(url).rstrip("/")


def connect(
    house: House,
    partner: str,
    *,
    push_url: str | None,
    certificate: Certificate,
    by: str,
    now: datetime,
    pull_url: str | None = None,
    enable: bool = True,
) -> Connected:
    """Connect a partner, in one transaction. Without `push_url` or `pull_url` the one that is
    there stays. Without `enable` the exchange begins when two persons say so
    (`gateway.acts.golive`).

    Raises `BadRequest`: MRX-5001 (no such partner), MRX-5005 (another partner's certificate);
    `NotTrusted` MRX-3012 for a certificate of our own.
    """
    pin = Pinned(
        fingerprint=certificate.fingerprint,
        partner=partner,
        pem=certificate.pem,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
    )
    with house.bell.after(), house.database.write() as tx:
        before = agreements.get(tx, partner)
        own_keys.refuse_ours(tx, certificate)
        push_to = push_url or before.push_url
        pull_from = pull_url or before.pull_url
        changed = certificates.pin(tx, pin, now=now)
        moved = (before.push_url, before.pull_url) != (push_to, pull_from)
        begins = enable and not before.agreement.enabled
        if begins or moved:
            enabling = {"enabled": True} if begins else {}
            agreements.change(tx, partner, push_url=push_to, pull_url=pull_from, **enabling)
            changed = True
        if changed:
            told = {
                "by": by,
                "certificate": certificate.fingerprint,
                "push_url": push_to,
                "pull_url": pull_from,
            }
            ledger.add(tx, "connected", told, now=now, partner=partner)
        pending.retell(tx, partner)
        rest.hurry(tx, only=partner)
    return Connected(
        partner=partner,
        push_url=push_to,
        pull_url=pull_from,
        certificate=certificate.fingerprint,
        changed=changed,
    )
