"""The other end of one partner, asked over its address: what it holds of us, and we of it.

Both ways are here for whoever asks: a person (`mrx reconcile`), or a gateway that was restored from a
backup (`gateway.recovering`), which by each answer comes a step back to life (`outbox.restored`).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from outbox import asking, our_loss, reconcile, restored, worker_name
from outbox.house import House
from partners import agreements
from partners.agreements import Registered
from schemas.errors import BadRequest

# A lane that somebody works is waited for: a delivery gives it back after its budget.
PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.5


def address(registered: Registered) -> str | None:
    """Where this partner answers questions, whether it is pushed to or pulled from."""
    return registered.push_url or registered.pull_url


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEnd:
    """This gateway and one partner that has an address; `by` is who asks."""

    house: House
    partner: str
    url: str
    by: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def reconcile(
        self, *, dry_run: bool = False, patience_seconds: float | None = None
    ) -> reconcile.Report:
        """What they hold of us, compared and repaired. A lane that is worked is waited for."""
        until = time.monotonic() + (
            PATIENCE_SECONDS if patience_seconds is None else patience_seconds
        )
        while True:
            try:
                return reconcile.reconcile(
                    self.house,
                    self.partner,
                    self.get,
                    worker=worker_name.own(),
                    by=self.by,
                    clock=self.clock,
                    dry_run=dry_run,
                )
            except BadRequest as busy:
                if busy.code != "MRX-5021" or time.monotonic() > until:
                    raise
            time.sleep(PAUSE_SECONDS)

    def ask_again(self, *, dry_run: bool = False) -> our_loss.Report:
        """What we hold of them, compared; they are asked to repair it."""
        report = our_loss.ask_again(self.house, self.partner, self.get, self.post, dry_run=dry_run)
        if not dry_run:
            # We crash before this: they are asked once more, which is harmless.
            with self.house.database.write(partner=self.partner) as tx:
                restored.roll_asked(tx, self.partner, now=self.clock())
        return report

    def get(self, path: str, query: str) -> bytes:
        reply = asking.ask(
            self.house, self.url, to=self.partner, path=path, query=query, now=self.clock()
        )
        return asking.expected(reply, 200).body

    def post(self, path: str, body: bytes) -> bytes:
        reply = asking.ask(
            self.house,
            self.url,
            to=self.partner,
            path=path,
            now=self.clock(),
            method="POST",
            body=body,
            media_type="application/json",
        )
        return asking.expected(reply, 200).body


def of(house: House, partner: str, *, by: str) -> OtherEnd:
    """Raises `BadRequest`: MRX-5001 (no such partner), MRX-5016 (it has no address)."""
    with house.database.read() as tx:
        registered = agreements.get(tx, partner)
    url = address(registered)
    if url is None:
        raise BadRequest("MRX-5016")
    return OtherEnd(house=house, partner=partner, url=url, by=by)
