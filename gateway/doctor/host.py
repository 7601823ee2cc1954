"""What lies on this host: the settings, the home folder, the key in it."""

import os
import shutil
import stat
import tempfile
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path

from gateway import own_keys
from gateway.checkup.finding import Found, Result
from gateway.checkup.reaching import Failed
from gateway.doctor.case import Case
from gateway.home import DATABASE
from gateway.settings import Settings
from signing import key_file, keys
from signing.keeping import Keeping

PREFIX = "MRX_"
# Of the test suite, not of the gateway.
_OF_TESTS = ("MRX_TEST_", "MRX_QUICK", "MRX_VECTORS")


def settings(case: Case) -> Found:
    case.found = case.read_settings()
    given = sorted(name.upper() for name in case.found.model_fields_set)
    return Found("given: " + " ".join(PREFIX + name for name in given) if given else "all defaults")


def environment(case: Case) -> Found:
    """A variable that looks like a setting and is none does nothing, and nobody would notice."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    strange = sorted(
        name
        for name in case.environment
        if name.upper().startswith(PREFIX)
        and name.upper() not in known
        and not name.upper().startswith(_OF_TESTS)
    )
    if not strange:
        return Found("every MRX_ variable is a setting")
    likely = [_likely(name.upper(), known) for name in strange]
    return Found(
        f"no setting, and without effect: {', '.join(strange)}",
        f"unset it, or write {', '.join(likely)}" if any(likely) else "unset it",
        Result.WARNING,
    )


def _likely(name: str, known: list[str]) -> str:
    return next(iter(get_close_matches(name, known, n=1)), "a name of docs/settings.md")


def home(case: Case) -> Found:
    folder = case.settings.home
    if not folder.is_dir():
        raise Failed(f"{folder} is no folder", "run `mrx init`, or correct MRX_HOME")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Failed(
            f"{folder} cannot be written: {error.strerror}",
            "see to its owner, and whether the disk is full or mounted read-only",
        ) from error
    owner = folder.stat().st_uid
    if owner != os.geteuid():
        return Found(
            f"{folder} is of user {owner}, and user {os.geteuid()} asks",
            "ask as the user that runs the gateway: what may be read and written is its own matter",
            Result.WARNING,
        )
    return Found(f"{folder.resolve()} can be written")


def privacy(case: Case) -> Found:
    """Members, consents and partners' files lie there in plain text."""
    folder = case.settings.home
    for path, good in ((folder, "700"), (folder / DATABASE, "600")):
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise Failed(
                f"{path} is open to others: its mode is {mode:04o}", f"chmod {good} {path}"
            )
    return Found("what lies there is ours alone")


def disk(case: Case) -> Found:
    free = shutil.disk_usage(case.settings.home).free
    said = f"{free / (1 << 30):,.1f} GiB free where the home folder is"
    if free < case.bounds.disk_full:
        raise Failed(said, "free space now: when it is full, nothing is taken and nothing sent")
    if free < case.bounds.disk_low:
        return Found(said, "free space: pushes are spooled there", Result.WARNING)
    return Found(said)


def key(case: Case) -> Found:
    folder = case.settings.home
    following = folder / own_keys.NEXT
    if following.with_suffix(".crt").exists() and not following.exists():
        # Read only: the doctor changes nothing, and every other command finishes this.
        return Found(
            "a change of keys was interrupted", "`mrx key list` finishes it", Result.WARNING
        )
    keeping = case.settings.keeping
    found = keys.load(folder / own_keys.KEY, keeping)
    case.certificate = found.certificate
    return _kept(folder / own_keys.KEY, keeping)


def _kept(path: Path, keeping: Keeping) -> Found:
    said = "it is there, ours alone, and what it signs verifies"
    how = key_file.kept(path)
    if how == "token":
        return Found(f"{said}; it is in a token")
    home, passphrase = path.resolve().parents[1], keeping.passphrase_file
    if how == "encrypted" and passphrase and passphrase.resolve().is_relative_to(home):
        return Found(
            f"{said}; it is encrypted, and its passphrase lies in the home folder",
            "keep it elsewhere: whoever copies this folder has both",
            Result.WARNING,
        )
    if how == "encrypted":
        return Found(f"{said}; it is encrypted")
    if keeping.passphrase_file is not None:
        return Found(f"{said}; it is not encrypted", "`mrx key protect`", Result.WARNING)
    if keeping.token is not None:
        return Found(f"{said}; it is in a file", "`mrx key stage`: the next one will not be")
    return Found(said)


def certificate(case: Case) -> Found:
    ours, now = case.certificate, case.clock()
    if ours is None:
        return Found("not looked at: the key is being changed", None, Result.SKIPPED)
    if not ours.valid_at(now):
        past = now > ours.not_after
        raise Failed(
            f"ours {'ended' if past else 'begins'} at {ours.not_after if past else ours.not_before}",
            "`mrx key stage`, have partners pin it, then `mrx key activate`"
            if past
            else "see to this host's clock",
        )
    left = ours.not_after - now
    said = f"ours ends in {left // timedelta(days=1)} days"
    if left < case.bounds.certificate_short:
        return Found(
            said, "`mrx key stage` now: partners take weeks to pin the next", Result.WARNING
        )
    return Found(said)
