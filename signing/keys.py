"""Our private key, in a file of its own, and the certificate beside it.

    home.key    PKCS #8 in PEM, mode 0600
    home.crt    the certificate in PEM, for everybody

A private key never leaves this module: who seals gets a `SigningKey`, which can sign and show a
fingerprint, and nothing else.

A key C is followed by a key N that was made beside it, so that partners could pin N before it
signs anything. `activate` makes four steps, each on disk before the next:

    home = C                     next = N    crash in 1: C signs; what has a second name keeps both
      1  C's certificate, then its key, get a second name, retired-<fingerprint of C>
    home = C  retired-C = C      next = N    crash here: C signs; activate again goes on
      2  next.key is renamed home.key
    home = N.key with C.crt      next.crt    crash here: `current` sees that and does step 3
      3  next.crt is renamed home.crt
    home = N  retired-C = C                  N signs

No step removes the last name of a key.
"""

import fcntl
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from schemas.errors import BadRequest, NotReady, NotTrusted
from signing import profile
from signing.certificate import Certificate

Kind = Literal["rsa", "p256"]

LIFE = timedelta(days=3 * 365)
"""How long a certificate of ours lasts. Partners pin it by hand, so not yearly; and a key that
signs every night should not be older when it is changed."""

BACKDATED = timedelta(hours=1)
"""How much earlier than its making a certificate is valid, for partners whose clock is slow."""

_PROOF = b"what a key signs when it is loaded, and nobody keeps"

_GENERATE: Mapping[Kind, Callable[[], profile.PrivateKey]] = {
    "rsa": lambda: rsa.generate_private_key(public_exponent=65537, key_size=profile.RSA_BITS_MIN),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SigningKey:
    """A private key that signs, under the certificate that names it."""

    certificate: Certificate
    _private: profile.PrivateKey

    def __repr__(self) -> str:
        """The fingerprint of its certificate, never the key."""
        return f"SigningKey({self.certificate.fingerprint})"

    @property
    def scheme(self) -> profile.Scheme:
        """How it signs."""
        scheme = profile.scheme_of(self._private)
        assert scheme is not None, "create and load take no other key"
        return scheme

    def sign(self, message: bytes) -> bytes:
        """The signature of these bytes. RSA signs the same bytes always alike, P-256 never."""
        return self._private.sign(message, *self.scheme.how)


def create(path: Path, common_name: str, now: datetime, *, kind: Kind = "rsa") -> SigningKey:
    """Make a private key at `path` and its self-signed certificate beside it (`.crt`).

    Nothing is ever replaced: where a certificate stands already, with its key or without, raises
    `BadRequest` (MRX-5011). The key appears whole or not at all, with mode 0600, and is on disk
    before its certificate is written. So a crash leaves at worst a key without certificate;
    calling again makes a certificate for that very key, whatever `kind` now says.

    `common_name` has 1 to 64 characters, `path` lies in a directory that exists.
    """
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    with _alone_in(path.parent):
        for file in (path, _certificate_of(path)):
            _draft(file).unlink(missing_ok=True)  # of a call that was killed
        if _certificate_of(path).exists():
            raise BadRequest("MRX-5011")
        if not path.exists():
            private = _GENERATE[kind]()
            # We crash before this: nothing is there. After it: the next call skips this step.
            _place(path, _pem(private), mode=0o600)
        private = _private(path, examine=True)  # it may be somebody else's work
        certificate = _self_signed(private, subject, now)
        _place(_certificate_of(path), certificate.public_bytes(Encoding.PEM), mode=0o644)
    return load(path)


def load(path: Path) -> SigningKey:
    """The key at `path` with the certificate beside it.

    Raises `NotReady`: MRX-9004 if the key is missing, open to group or others, not a plain PEM
    key of our profile, or damaged; MRX-3012 if the certificate is missing, cannot be used or names
    another key. Says nothing about the certificate's dates.
    """
    private = _private(path)
    try:
        certificate = Certificate.parse(_certificate_of(path).read_bytes())
    except OSError as missing:
        raise NotReady("MRX-3012", because="there is none beside the key") from missing
    except NotTrusted as unusable:
        raise NotReady(unusable.code, **unusable.facts) from unusable
    if certificate.key != private.public_key():
        raise NotReady("MRX-3012", because="it names another key")
    key = SigningKey(certificate, private)
    if not _works(key):
        raise NotReady("MRX-9004", because="what it signs does not verify")
    return key


def current(path: Path, following: Path) -> SigningKey:
    """The key at `path`, as `load` gives it, after an interrupted `activate` has been finished."""
    if not os.access(path.parent, os.R_OK):
        return load(path)  # which says what is wrong
    with _alone_in(path.parent):
        _finish(path, following)
        return load(path)


def activate(path: Path, following: Path) -> SigningKey:
    """Make the key at `following`, in the same folder, the one at `path`, and keep the old one.

    Drawn above. Raises `BadRequest` MRX-5023 if there is none to follow, else as `load` does;
    nothing has moved then. Who has loaded the old key goes on signing with it.
    """
    with _alone_in(path.parent):
        _finish(path, following)
        if not following.exists():
            raise BadRequest("MRX-5023")
        old = load(path)
        load(following)  # whole and usable, before anything moves
        retired = path.with_name(f"retired-{old.certificate.fingerprint}{path.suffix}")
        for file, kept in ((_certificate_of(path), _certificate_of(retired)), (path, retired)):
            if not kept.exists():  # else an earlier call was killed after this
                os.link(file, kept)
        _flush(path.parent)
        following.replace(path)
        _flush(path.parent)
        _finish(path, following)
        return load(path)


def put_aside(path: Path, kept: Path) -> None:
    """Give a key that nobody uses, and its certificate, another name. Killed, the next call goes on."""
    with _alone_in(path.parent):
        # The key first: `create` makes a new certificate for a key that has lost its own.
        for file, to in ((path, kept), (_certificate_of(path), _certificate_of(kept))):
            if file.exists():
                file.replace(to)
        _flush(path.parent)


def _finish(path: Path, following: Path) -> None:
    """Step 3, where only that is missing: the next key has become the key at `path`, and its
    certificate has not followed. A certificate that names another key is left where it is.
    """
    certificate = _certificate_of(following)
    if following.exists() or not certificate.exists():
        return
    if Certificate.parse(certificate.read_bytes()).key == _private(path).public_key():
        certificate.replace(_certificate_of(path))
        _flush(path.parent)


def _private(path: Path, *, examine: bool = False) -> profile.PrivateKey:
    """`examine` proves the primes of RSA prime, in 0.2 s. Once is enough: later a signature that
    the certificate verifies shows that the key is still whole.
    """
    try:
        with path.open("rb") as file:
            # Asked of the open file: the name may mean another one by now.
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise NotReady("MRX-9004", because="its mode is open to group or others")
            private = load_pem_private_key(
                file.read(), password=None, unsafe_skip_rsa_key_validation=not examine
            )
    except FileNotFoundError:
        raise NotReady("MRX-9004", because="it is missing") from None
    except OSError as unreadable:
        raise NotReady("MRX-9004", because="it cannot be read") from unreadable
    except profile.UNREADABLE:
        # Without the cause: a parser's words about a private key belong in no log.
        raise NotReady("MRX-9004", because="it is not an unencrypted key in PEM") from None
    if profile.scheme_of(private) is None or not isinstance(private, profile.PrivateKey):
        raise NotReady("MRX-9004", because="it is neither RSA of at least 3072 bits nor P-256")
    return private


def _works(key: SigningKey) -> bool:
    try:
        return key.certificate.verifies(key.sign(_PROOF), _PROOF)
    except profile.UNREADABLE:
        return False


def _certificate_of(path: Path) -> Path:
    beside = path.with_suffix(".crt")
    assert beside != path, "the key itself must have another suffix"
    return beside


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.draft")


def _pem(private: profile.PrivateKey) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _self_signed(
    private: profile.PrivateKey, subject: x509.Name, now: datetime
) -> x509.Certificate:
    """A certificate that works everywhere: critical keyUsage digitalSignature, no extended one."""
    start = now.replace(microsecond=0)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - BACKDATED)
        .not_valid_after(start + LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(private, SHA256())
    )


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """Keep other creators out of a directory, also when one of them is killed."""
    held = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _place(path: Path, data: bytes, *, mode: int) -> None:
    """Put a new file there, whole and on disk, or raise FileExistsError; never replace one.

    Call it alone in the directory. The file is written under another name and linked to its own:
    killed in between, it leaves at most that other name.
    """
    draft = _draft(path)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, mode)  # the umask may have taken some of it
        file.write(data)
        file.flush()
        os.fsync(handle)
    os.link(draft, path)
    draft.unlink()
    _flush(path.parent)


def _flush(folder: Path) -> None:
    """Have the names in a folder on disk."""
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
