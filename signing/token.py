"""A PKCS#11 token: a device, or a program that plays one, which signs and never gives a key out.

    (not loaded) --first use--> loaded --PIN taken--> open --anything fails--> loaded anew, once
                                  |                     '--the process forks--> loaded anew
                                  '--PIN refused--> asked no more until the PIN file says another

One lock for a module, one session for a token: python-pkcs11 tells the module that no two threads
will enter it. Processes enter it side by side. What fails is tried once more with the module loaded
anew, which is how a token that was taken away and put back is found again.

A token locks itself after a few wrong PINs. So one that was refused is tried **once**: what it was
is kept beside the keys, as a salted digest, and no process tries it again; processes that start
together wait for each other at the PIN's file. A token that says that
its last try has come, or that it is locked, is not tried at all.

Only this module knows python-pkcs11, and loads it when a token is first used.
"""

import fcntl
import hmac
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import scrypt
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from schemas.errors import NotReady
from signing import placing, secret_file

if TYPE_CHECKING:
    from pkcs11 import Session

_Result = TypeVar("_Result")
_SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Where a token is. `refused` is the file that remembers a PIN it did not take."""

    module: Path
    label: str
    pin_file: Path
    key_label: str = "mrx"
    refused: Path

    def use(self, work: "Callable[[Session], _Result]", *, write: bool = False) -> _Result:
        """What `work` gives, done in a session that is logged in; alone in this process.

        `write` is for making keys and naming them. Raises `NotReady` MRX-9004 where there is no
        such token, its PIN is refused, or it does not do what it is told.
        """
        return _module(str(self.module)).run(self, work, write=write)


class Failed(Exception):
    """The token or its module did not do what it was told; the argument says how. `work` may raise
    it too: then the module is loaded anew and `work` begins again, once.
    """


@dataclass(slots=True, eq=False, repr=False)
class _Module:
    """A PKCS#11 module in this process."""

    path: str
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _lib: Any = None
    _process: int = 0
    _wrong: bytes = b""
    _open: "dict[tuple[str, bool], Session]" = field(default_factory=dict)

    def run(self, token: Token, work: "Callable[[Session], _Result]", *, write: bool) -> _Result:
        with self._turn:
            try:
                return self._tried(token, work, write=write)
            except Failed:
                self._forget()
            try:
                return self._tried(token, work, write=write)
            except Failed as failed:
                self._forget()
                raise _unusable(str(failed)) from None

    def after_fork(self) -> None:
        """In the child: whoever held the lock is not here, and the module is the parent's."""
        self._turn = threading.Lock()

    def _tried(self, token: Token, work: "Callable[[Session], _Result]", *, write: bool) -> _Result:
        pkcs11 = _package()
        try:
            return work(self._session(token, write=write))
        except pkcs11.PKCS11Error as error:
            # Its type says it all. Its words may name what we gave it.
            raise Failed(f"the token does not do it: {type(error).__name__}") from None

    def _session(self, token: Token, *, write: bool) -> "Session":
        if self._process != os.getpid():
            self._load()
        key = (token.label, write)
        found = self._open.get(key)
        if found is None:
            found = self._open[key] = self._opened(token, write=write)
        return found

    def _load(self) -> None:
        """Load the module, or anew: a child may not go on with what its parent began."""
        pkcs11 = _package()
        self._open.clear()
        try:
            if self._lib is None:
                self._lib = pkcs11.lib(self.path)
            else:
                self._end()
                self._lib.initialize()
        except pkcs11.PKCS11Error as error:
            raise Failed(f"the module cannot be loaded: {type(error).__name__}") from None
        self._process = os.getpid()

    def _end(self) -> None:
        try:
            self._lib.finalize()
        except _package().PKCS11Error:
            return  # it has ended by itself, as some do in a child

    def _forget(self) -> None:
        self._open.clear()
        self._process = 0

    def _opened(self, token: Token, *, write: bool) -> "Session":
        pkcs11 = _package()
        found = [one for one in self._lib.get_tokens() if one.label == token.label]
        if len(found) != 1:
            how = "no" if not found else "more than one"
            raise Failed(f"there is {how} token of that label")
        session: Session
        if any(label == token.label for label, _ in self._open):
            session = found[0].open(rw=write)  # logged in by the other session
            return session
        flags = found[0].flags
        if flags & (pkcs11.TokenFlag.USER_PIN_LOCKED | pkcs11.TokenFlag.USER_PIN_FINAL_TRY):
            raise _unusable("the token's PIN is locked, or has one try left, which is not ours")
        with _alone(token):
            pin = self._pin(token)
            try:
                session = found[0].open(rw=write, user_pin=pin.decode())
            except UnicodeDecodeError:
                raise _unusable("the PIN file is not UTF-8") from None
            except pkcs11.PKCS11Error as error:
                # Not again within this use, whatever it was.
                self._forget()
                if isinstance(error, _about_pins()) or type(error) is pkcs11.PKCS11Error:
                    self._remember(token, pin)
                    raise _unusable(_REFUSED) from None
                raise _unusable(f"nobody can log in to the token: {type(error).__name__}") from None
            with suppress(OSError):
                token.refused.unlink()
            return session

    def _pin(self, token: Token) -> bytes:
        """The PIN, unless it is the one that was refused."""
        pin = secret_file.lines(token.pin_file, "the PIN file")[0]
        kept = self._wrong
        with suppress(OSError):
            kept = token.refused.read_bytes()
        if kept and hmac.compare_digest(kept, _digest(pin, kept[:_SALT_BYTES])):
            raise _unusable(_REFUSED)
        return pin

    def _remember(self, token: Token, pin: bytes) -> None:
        """Keep that this PIN is wrong. Killed before this, one more try is made. Where nothing can
        be written, this process knows, and the next one tries it again.
        """
        kept = _digest(pin, secrets.token_bytes(_SALT_BYTES))
        try:
            placing.replace(token.refused, kept, mode=0o600)
        except OSError:
            self._wrong = kept


_modules: "dict[str, _Module]" = {}
_REFUSED: Final = "the token refused the PIN; it is not tried again until the PIN file says another"


def _module(path: str) -> _Module:
    return _modules.setdefault(path, _Module(path))  # one, whichever thread is first


def _after_fork() -> None:
    for module in _modules.values():
        module.after_fork()


os.register_at_fork(after_in_child=_after_fork)


def _about_pins() -> tuple[type[Exception], ...]:
    """What a token says of a PIN; a maker's own words come as plain `PKCS11Error`."""
    pkcs11 = _package()
    names = ("PinIncorrect", "PinLenRange", "PinInvalid", "PinLocked", "PinExpired")
    return tuple(getattr(pkcs11, name) for name in names)


def _package() -> Any:
    try:
        import pkcs11  # noqa: PLC0415  # who keeps keys in files does without
    except ImportError as missing:
        raise _unusable(
            "the package python-pkcs11 is missing: pip install mrx[pkcs11]"
        ) from missing
    return pkcs11


@contextmanager
def _alone(token: Token) -> Iterator[None]:
    """Keep out whoever else tries this PIN, so that of processes that start together one does, and
    the others read what became of it. The PIN's file and not the folder, which whoever loads a key
    holds.
    """
    held = None
    with suppress(OSError):  # what is wrong with the file is said where it is read
        held = os.open(token.pin_file, os.O_RDONLY | os.O_NONBLOCK)
        fcntl.flock(held, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if held is not None:
            with suppress(OSError):
                fcntl.flock(held, fcntl.LOCK_UN)  # also where a fork has it open still
            os.close(held)


def _digest(pin: bytes, salt: bytes) -> bytes:
    return salt + scrypt(pin, salt=salt, n=1 << 14, r=8, p=1)


def _unusable(because: str) -> NotReady:
    return NotReady("MRX-9004", because=because)
