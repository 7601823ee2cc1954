"""A private key inside a token, and the line that stands for it in the home folder.

    keys/signing.key    pkcs11:token=mrx;id=%1f%c0...;type=private     (RFC 7512), mode 0600
    keys/signing.crt    its certificate, as of any key

The line is moved and kept as a key's file would be, so staging, activating and retiring are the
same for both, and a gateway comes from a file to a token by a change of keys like any other.
Nothing is ever removed from the token.

The line is written before the key is made, and says under which id: killed in between, the next
call makes it there. A key that other people made is named by its label (`object=`) instead.
"""

import re
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote, unquote_to_bytes

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from schemas.errors import NotReady
from signing import profile
from signing.der import encode
from signing.token import Failed, Token

if TYPE_CHECKING:
    from pkcs11 import Session

SCHEME: Final = b"pkcs11:"
_LINE: Final = re.compile(rb"pkcs11:[A-Za-z0-9%._~=;:@!$'()*+,&/?-]{1,1000}\s*")
_KNOWN: Final = frozenset({"token", "id", "object", "type"})
_P256: Final = encode(profile.OID("1.2.840.10045.3.1.7"))
_POINT_BYTES: Final = 65
# A SHA-256 digest as RSA signs it: RFC 8017, 9.2, note 1.
_DIGEST_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")


def line(token: Token) -> bytes:
    """A line for a key that is still to be made."""
    named = "".join(f"%{byte:02x}" for byte in secrets.token_bytes(16))
    return f"pkcs11:token={quote(token.label)};id={named};type=private\n".encode()


def find(
    token: Token | None, stands: bytes, *, make: Literal["rsa", "p256"] | None = None
) -> profile.PrivateKey:
    """The key that the line stands for. `make` says what to make where a line of ours has none yet.

    Raises `NotReady` MRX-9004 if no token is set, it is another one, or has no such key.
    """
    wanted = _parsed(stands)
    if token is None:
        raise _unusable("it is in a token, and no token is set")
    if wanted.get("token", token.label.encode()) != token.label.encode():
        raise _unusable("it is in a token of another label than the one that is set")
    if make is not None and _is_ours(wanted):
        token.use(lambda session: _made(session, token, wanted["id"], make), write=True)
    kind, numbers = token.use(lambda session: _public(session, wanted))
    try:
        if kind == "rsa":
            return _Rsa(token, wanted, rsa.RSAPublicNumbers(*numbers).public_key())
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), numbers)
        return _Ec(token, wanted, point)
    except ValueError:
        raise _unusable("the token says no public key that can be read") from None


def gives_out(private: object) -> bool:
    """Whether the token would give this key to whoever has the PIN."""
    return isinstance(private, _Rsa | _Ec) and private.gives_out()


def name(private: object, fingerprint: str) -> None:
    """Have the token's own tools show which certificate the key is of. Some tokens refuse."""
    if isinstance(private, _Rsa | _Ec):
        private.name(fingerprint)


class _InToken:
    """What both kinds share. The session is asked for at every signature: it may be another one."""

    def __init__(self, token: Token, wanted: Mapping[str, bytes], public: Any) -> None:
        self._token, self._wanted, self._public = token, wanted, public
        self._found: tuple[object, Any] = (None, None)

    def __repr__(self) -> str:
        return f"<a key in the token {self._token.label}>"

    def __reduce__(self) -> str:
        raise TypeError("a key in a token stays there")

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, _memo: object) -> Any:
        return self

    @property
    def key_size(self) -> int:
        size: int = self._public.key_size
        return size

    def public_key(self) -> Any:
        return self._public

    def private_numbers(self) -> Any:
        raise _unusable("the token does not give it out")

    def private_bytes(self, *_how: object) -> bytes:
        raise _unusable("the token does not give it out")

    def gives_out(self) -> bool:
        from pkcs11 import Attribute  # noqa: PLC0415  # who keeps keys in files does without

        def ask(session: "Session") -> bool:
            key = self._key(session)
            return bool(key[Attribute.EXTRACTABLE]) or not key[Attribute.SENSITIVE]

        return self._token.use(ask)

    def name(self, fingerprint: str) -> None:
        from pkcs11 import Attribute, PKCS11Error  # noqa: PLC0415  # as above

        def write(session: "Session") -> None:
            for of in ("PRIVATE_KEY", "PUBLIC_KEY"):
                for one in _objects(session, of, self._wanted):
                    try:
                        one[Attribute.LABEL] = f"{self._token.key_label} {fingerprint}"
                    except PKCS11Error:
                        return

        if _is_ours(self._wanted):  # else the label is what it is found by
            self._token.use(write, write=True)

    def _signed(self, message: bytes, mechanism: str) -> bytes:
        from pkcs11 import Mechanism  # noqa: PLC0415  # as above

        def work(session: "Session") -> bytes:
            signed: bytes = self._key(session).sign(message, mechanism=Mechanism[mechanism])
            return signed

        return self._token.use(work)

    def _key(self, session: "Session") -> Any:
        if self._found[0] is not session:
            self._found = (session, _one(session, "PRIVATE_KEY", self._wanted))
        return self._found[1]


class _Rsa(_InToken, rsa.RSAPrivateKey):
    """An RSA key that signs as the profile says (PKCS #1 v1.5, SHA-256), and does nothing else."""

    def sign(self, data: Any, padding: Any, algorithm: Any) -> bytes:
        _only(profile.RSA, padding, algorithm)
        # Digest and its name put together here: every token has the plain mechanism.
        return self._signed(_DIGEST_INFO + sha256(data).digest(), "RSA_PKCS")

    def decrypt(self, ciphertext: Any, padding: Any) -> bytes:  # noqa: ARG002 - the library's shape
        raise _unusable("it is for signing")


class _Ec(_InToken, ec.EllipticCurvePrivateKey):
    """A P-256 key that signs as the profile says (ECDSA, SHA-256), and does nothing else."""

    @property
    def curve(self) -> ec.EllipticCurve:
        return ec.SECP256R1()

    def sign(self, data: Any, signature_algorithm: Any) -> bytes:
        _only(profile.P256, signature_algorithm)
        plain = self._signed(sha256(data).digest(), "ECDSA")
        half = len(plain) // 2  # r and s, of one length; we and everybody else want them in DER
        r, s = (int.from_bytes(part) for part in (plain[:half], plain[half:]))
        return encode_dss_signature(r, s)

    def exchange(self, algorithm: Any, peer_public_key: Any) -> bytes:  # noqa: ARG002 - as above
        raise _unusable("it is for signing")


def _is_ours(wanted: Mapping[str, bytes]) -> bool:
    """Whether the line is one of `line`: other people's keys are named by their label."""
    return "id" in wanted and "object" not in wanted


def _only(scheme: profile.Scheme, *how: object) -> None:
    """Whether it is asked to sign as the profile says; anything else is our mistake."""
    said: Any = getattr(how[-1], "algorithm", how[-1])
    assert [type(one) for one in how] == [type(one) for one in scheme.how]
    assert said.name == "sha256"


def _made(session: "Session", token: Token, identity: bytes, kind: str) -> None:
    """Make a key pair under this id that never leaves the token, unless it is there already."""
    from pkcs11 import Attribute, KeyType, MechanismFlag  # noqa: PLC0415  # as above

    if _objects(session, "PRIVATE_KEY", {"id": identity}):
        return
    how: dict[str, Any] = {
        "id": identity,
        "label": token.key_label,
        "store": True,
        "capabilities": MechanismFlag.SIGN | MechanismFlag.VERIFY,
        "private_template": {
            Attribute.PRIVATE: True,
            Attribute.SENSITIVE: True,
            Attribute.EXTRACTABLE: False,
        },
    }
    if kind == "rsa":
        session.generate_keypair(KeyType.RSA, profile.RSA_BITS_MIN, **how)
        return
    curve = session.create_domain_parameters(KeyType.EC, {Attribute.EC_PARAMS: _P256}, local=True)
    curve.generate_keypair(**how)


def _public(session: "Session", wanted: Mapping[str, bytes]) -> tuple[str, Any]:
    """The kind of the key, and its public part: exponent and modulus, or a point of the curve."""
    from pkcs11 import Attribute, KeyType  # noqa: PLC0415  # as above

    private = _one(session, "PRIVATE_KEY", wanted)
    if private.key_type is KeyType.RSA:
        exponent, modulus = private[Attribute.PUBLIC_EXPONENT], private[Attribute.MODULUS]
        return "rsa", (int.from_bytes(exponent), int.from_bytes(modulus))
    if private.key_type is not KeyType.EC or private[Attribute.EC_PARAMS] != _P256:
        raise _unusable("it is neither RSA of at least 3072 bits nor P-256")
    # In DER, as an OCTET STRING; some tokens leave that off.
    point = _one(session, "PUBLIC_KEY", wanted)[Attribute.EC_POINT]
    return "p256", bytes(point)[-_POINT_BYTES:]


def _one(session: "Session", of: str, wanted: Mapping[str, bytes]) -> Any:
    found = _objects(session, of, wanted)
    if len(found) != 1:
        raise Failed(
            "the token has no such key" if not found else "the token has several such keys"
        )
    return found[0]


def _objects(session: "Session", of: str, wanted: Mapping[str, bytes]) -> list[Any]:
    from pkcs11 import Attribute, ObjectClass  # noqa: PLC0415  # as above

    asked: dict[Attribute, Any] = {Attribute.CLASS: ObjectClass[of]}
    if "id" in wanted:
        asked[Attribute.ID] = wanted["id"]
    if "object" in wanted:
        asked[Attribute.LABEL] = wanted["object"].decode()
    return list(session.get_objects(asked))


def _parsed(stands: bytes) -> dict[str, bytes]:
    """`pkcs11:token=mrx;id=%01` as a mapping."""
    if _LINE.fullmatch(stands) is None:
        raise _unusable("it is no line that stands for a key in a token")
    pairs = stands.strip().removeprefix(SCHEME).split(b";")
    found = {
        attribute.decode(): unquote_to_bytes(value)
        for attribute, _, value in (pair.partition(b"=") for pair in pairs)
    }
    whole = len(found) == len(pairs) and found.keys() <= _KNOWN and found.keys() & {"id", "object"}
    try:
        found.get("object", b"").decode()
    except UnicodeDecodeError:
        whole = False
    if not whole or found.get("type", b"private") != b"private":
        raise _unusable("it is no line that stands for a key in a token")
    return found


def _unusable(because: str) -> NotReady:
    return NotReady("MRX-9004", because=because)
