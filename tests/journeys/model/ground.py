"""The ground of a model run: our gateway and three partners, real ones all, and how they are opened.

    mx-neec, ca-pip    we push to them
    tw-aeo             comes and fetches

Ours lies in a file or on a server and is trapped (`trap`); it can be opened anew from there at any
moment. The partners are the same software with another home, in files.
"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from gateway import home, own_keys
from outbox.house import House
from partners import agreements, certificates
from schemas.consent import ConsentText
from signing.certificate import Certificate
from tests import world
from tests.journeys.model.model import TEXTS
from tests.journeys.model.trap import Trapped

HOME = "us-ctpat"
PUSHED, PULLING = ("mx-neec", "ca-pip"), ("tw-aeo",)
PARTNERS = PUSHED + PULLING
# The one that tells us of its own members, too.
TELLING = "mx-neec"


class Ground:
    """Our gateway (`house`), the partners' ends, the clock, and the certificates they believe."""

    def __init__(
        self, folder: Path, key_files: Mapping[str, Path], server: world.Server | None
    ) -> None:
        house, self.ends = world.connected(folder, key_files, PARTNERS, server=server)
        self.clock = world.Clock()
        self._spare: Path | None = key_files.get("spare")
        self._settings = world.settings(house)
        self.certificates = [house.key.certificate]
        self._committed: Callable[[], None] = lambda: None
        with house.database.write() as tx:
            for code in PULLING:
                agreements.change(tx, code, push_url=None)
            for code in PARTNERS:
                named = agreements.get(tx, code).agreement.schemes
                assert named >= frozenset().union(*TEXTS.values()), "the model knows the schemes"
        telling = self.ends[TELLING]
        with telling.database.write() as tx:
            agreements.change(tx, HOME, push_url=HOME)
        self.house = self._trapped(house)

    def watch(self, committed: Callable[[], None]) -> None:
        """Call this after each commit of ours, from now on."""
        self._committed = committed

    @property
    def trap(self) -> Trapped:
        assert isinstance(self.house.database, Trapped)
        return self.house.database

    def restart(self) -> None:
        """The process is gone, in peace or not; another one opens the home."""
        self.house.database.close()
        self.house = self._trapped(home.open_home(self._settings))

    @property
    def may_rotate(self) -> bool:
        """Whether there is a key to follow this one."""
        return self._spare is not None

    def rotate(self) -> None:
        """Sign with the next key from now on, which all partners have pinned; once."""
        assert self._spare is not None
        folder = self.house.folder
        for suffix in (".key", ".crt"):
            shutil.copy(
                self._spare.with_suffix(suffix), (folder / own_keys.NEXT).with_suffix(suffix)
            )
        self._spare = None
        now = self.clock()
        own_keys.stage(self.house, folder, by="test", now=now)
        self._pin(self._next())
        own_keys.activate(self.house, folder, by="test", now=now)
        self.restart()

    def _next(self) -> Certificate:
        pem = (self.house.folder / own_keys.NEXT).with_suffix(".crt").read_bytes()
        return Certificate.parse(pem)

    def _pin(self, certificate: Certificate) -> None:
        self.certificates.append(certificate)
        pinned = certificates.Pinned(
            fingerprint=certificate.fingerprint,
            partner=HOME,
            pem=certificate.pem,
            not_before=certificate.not_before,
            not_after=certificate.not_after,
        )
        for end in self.ends.values():
            with end.database.write() as tx:
                certificates.pin(tx, pinned, now=self.clock())

    def close(self) -> None:
        for each in (self.house, *self.ends.values()):
            each.database.close()

    def _after_commit(self) -> None:
        self._committed()

    def _trapped(self, house: House) -> House:
        trapped = Trapped(house.database, self._after_commit)
        return replace(house, database=trapped, texts=_texts())


def _texts() -> dict[str, ConsentText]:
    return {
        name: ConsentText(
            id=name,
            valid_from=date(2014, 8, 1),
            programmes=frozenset(PARTNERS),
            schemes=schemes,
            names_tiers=name == "wide",
        )
        for name, schemes in TEXTS.items()
    }
