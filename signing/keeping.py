"""How our private keys are kept: in files, in files under a passphrase, or in a token.

A `Keeping` names files and holds no secret: the passphrase is read when a key is, so that a change
of it reaches processes that run, and nothing that is printed, logged or pickled could hold it.
"""

from dataclasses import dataclass
from pathlib import Path

from schemas.errors import NotReady
from signing import secret_file
from signing.token import Token

PASSPHRASE_CHARS_MIN = 16
"""What a passphrase has at least. Nobody types it: `openssl rand -base64 32` makes a good one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Where the secrets are with which keys are opened.

    The first line of `passphrase_file` is the passphrase; further lines are older ones, tried after
    it until every key has been written anew under the first. `token` is where new keys are made.
    """

    passphrase_file: Path | None = None
    token: Token | None = None

    def passphrases(self) -> tuple[bytes, ...]:
        """The passphrase, and the older ones; none where keys are not encrypted.

        Raises `NotReady` MRX-9004 if the file is missing, open to others, empty or too short.
        """
        if self.passphrase_file is None:
            return ()
        found = secret_file.lines(self.passphrase_file, "the passphrase file")
        if len(found[0]) < PASSPHRASE_CHARS_MIN:
            raise NotReady(
                "MRX-9004",
                because=f"the passphrase has fewer than {PASSPHRASE_CHARS_MIN} characters",
            )
        return found


PLAIN = Keeping()
"""In files, for their owner alone."""
