"""Our private key, in a file of its own, and the certificate beside it.

    home.key    PKCS #8 in PEM, plain or under a passphrase, or a line that names a key in a token
                (`signing.key_file`); mode 0600
    home.crt    the certificate in PEM, for everybody

A private key never leaves this room: who seals gets a `SigningKey`, which can sign and show a
fingerprint, and nothing else. How keys are kept is the caller's word: a `Keeping`.

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

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from schemas.errors import BadRequest, NotReady, NotTrusted
from signing import key_file, profile, token_key
from signing.certificate import Certificate
from signing.keeping import PLAIN, Keeping
from signing.key_file import Kind
from signing.placing import alone_in, draft, flush, place, sweep

LIFE = timedelta(days=3 * 365)
"""How long a certificate of ours lasts. Partners pin it by hand, so not yearly; and a key that
signs every night should not be older when it is changed."""

BACKDATED = timedelta(hours=1)
"""How much earlier than its making a certificate is valid, for partners whose clock is slow."""

_PROOF = b"what a key signs when it is loaded, and nobody keeps"


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


def create(
    path: Path, common_name: str, now: datetime, *, kind: Kind = "rsa", keeping: Keeping = PLAIN
) -> SigningKey:
    """Make a private key at `path` and its self-signed certificate beside it (`.crt`).

    Nothing is ever replaced: where a certificate stands already, with its key or without, raises
    `BadRequest` (MRX-5011). The key appears whole or not at all, with mode 0600, and is on disk
    before its certificate is written. So a crash leaves at worst a key without certificate;
    calling again makes a certificate for that very key, whatever `kind` now says.

    `common_name` has 1 to 64 characters, `path` lies in a directory that exists. Raises `NotReady`
    MRX-9004 where `keeping` names what cannot be used.
    """
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    with alone_in(path.parent):
        for file in (path, _certificate_of(path)):
            draft(file).unlink(missing_ok=True)  # of a call that was killed
        if _certificate_of(path).exists():
            raise BadRequest("MRX-5011")
        if not path.exists():
            # We crash before this: nothing is there. After it: the next call skips this step.
            place(path, key_file.new(kind, keeping), mode=0o600)
        # It may be somebody else's work.
        private = key_file.read(path, keeping, examine=True, make=kind)
        certificate = _self_signed(private, subject, now)
        # Before it has a name: one that stood there for a key that it does not name would stay.
        _whole(Certificate.parse(certificate.public_bytes(Encoding.PEM)), private)
        place(_certificate_of(path), certificate.public_bytes(Encoding.PEM), mode=0o644)
    made = load(path, keeping)
    token_key.name(private, made.certificate.fingerprint)
    return made


def load(path: Path, keeping: Keeping = PLAIN) -> SigningKey:
    """The key at `path` with the certificate beside it.

    Raises `NotReady`: MRX-9004 if the key is missing, open to group or others, not a key of our
    profile, damaged, under another passphrase, or in a token that cannot be used; MRX-3012 if the
    certificate is missing, cannot be used or names another key. Says nothing about the
    certificate's dates.
    """
    private = _private(path, keeping)
    try:
        certificate = Certificate.parse(_certificate_of(path).read_bytes())
    except OSError as missing:
        raise NotReady("MRX-3012", because="there is none beside the key") from missing
    except NotTrusted as unusable:
        raise NotReady(unusable.code, **unusable.facts) from unusable
    if certificate.key != private.public_key():
        raise NotReady("MRX-3012", because="it names another key")
    return _whole(certificate, private)


def current(path: Path, following: Path, keeping: Keeping = PLAIN) -> SigningKey:
    """The key at `path`, as `load` gives it, after an interrupted `activate` has been finished."""
    if not os.access(path.parent, os.R_OK):
        return load(path, keeping)  # which says what is wrong
    with alone_in(path.parent):
        sweep(path.parent)
        _finish(path, following, keeping)
        return load(path, keeping)


def activate(path: Path, following: Path, keeping: Keeping = PLAIN) -> SigningKey:
    """Make the key at `following`, in the same folder, the one at `path`, and keep the old one.

    Drawn above. Raises `BadRequest` MRX-5023 if there is none to follow, else as `load` does;
    nothing has moved then. Who has loaded the old key goes on signing with it.
    """
    with alone_in(path.parent):
        _finish(path, following, keeping)
        if not following.exists():
            raise BadRequest("MRX-5023")
        old = load(path, keeping)
        load(following, keeping)  # whole and usable, before anything moves
        retired = path.with_name(f"retired-{old.certificate.fingerprint}{path.suffix}")
        for file, kept in ((_certificate_of(path), _certificate_of(retired)), (path, retired)):
            if not kept.exists():  # else an earlier call was killed after this
                os.link(file, kept)
        flush(path.parent)
        following.replace(path)
        flush(path.parent)
        _finish(path, following, keeping)
        return load(path, keeping)


def protect(path: Path, keeping: Keeping) -> bool:
    """Have the key at `path` under the passphrase, and say whether that changed its file; the key
    and its certificate stay. Raises `NotReady` MRX-9004 if it cannot be opened: nothing changed.
    """
    with alone_in(path.parent):
        return key_file.protect(path, keeping)


def put_aside(path: Path, kept: Path) -> None:
    """Give a key that nobody uses, and its certificate, another name. Killed, the next call goes on."""
    with alone_in(path.parent):
        # The key first: `create` makes a new certificate for a key that has lost its own.
        for file, to in ((path, kept), (_certificate_of(path), _certificate_of(kept))):
            if file.exists():
                file.replace(to)
        flush(path.parent)


def _finish(path: Path, following: Path, keeping: Keeping) -> None:
    """Step 3, where only that is missing: the next key has become the key at `path`, and its
    certificate has not followed. A certificate that names another key is left where it is.
    """
    certificate = _certificate_of(following)
    if following.exists() or not certificate.exists():
        return
    if Certificate.parse(certificate.read_bytes()).key == _private(path, keeping).public_key():
        certificate.replace(_certificate_of(path))
        flush(path.parent)


def _private(path: Path, keeping: Keeping = PLAIN) -> profile.PrivateKey:
    return key_file.read(path, keeping)


def _whole(certificate: Certificate, private: profile.PrivateKey) -> SigningKey:
    """Both together, once a signature has shown that they belong together."""
    key = SigningKey(certificate, private)
    try:
        works = certificate.verifies(key.sign(_PROOF), _PROOF)
    except profile.UNREADABLE:
        works = False
    if not works:
        raise NotReady("MRX-9004", because="what it signs does not verify")
    return key


def _certificate_of(path: Path) -> Path:
    beside = path.with_suffix(".crt")
    assert beside != path, "the key itself must have another suffix"
    return beside


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
