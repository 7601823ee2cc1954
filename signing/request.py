"""A signed request: who asks, where the request carries no sealed file (RFC 9421).

    Date: Mon, 05 Jan 2026 12:00:00 GMT
    Signature-Input: mrx=("@method" "@path" "@query" "date");created=1767614400;keyid="<fingerprint>"
                     ;alg="rsa-v1_5-sha256";nonce="<random>";tag="<to whom>"
    Signature: mrx=:<base64>:

One profile stands, as for files: one signature, over these four components with these five
parameters, and over "content-digest" (RFC 9530, SHA-256) where there is a body; further components
may be covered. The host is not covered, because proxies rewrite
it: `tag` names the programme that is asked, so that a signature made for one gateway is worth
nothing at another. Keeping nonces, so that none counts twice, is the caller's.

`rsa-v1_5-sha256` is what `openssl dgst -sha256 -sign` makes; `ecdsa-p256-sha256` is r and s, 32
bytes each, and no DER (RFC 9421, 3.3).
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, Final

from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
)
from http_message_signatures.algorithms import (
    ECDSA_P256_SHA256,
    RSA_V1_5_SHA256,
    HTTPSignatureAlgorithm,
)
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from schemas.errors import BadRequest, NotReady, NotTrusted
from signing import profile
from signing.certificate import Certificate
from signing.keys import SigningKey

LABEL: Final = "mrx"
COMPONENTS: Final = ("@method", "@path", "@query", "date")
PARAMETERS: Final = frozenset({"created", "keyid", "alg", "nonce", "tag"})

SKEW: Final = timedelta(minutes=5)
"""How far a request's clock may stand from ours, before or behind."""

SIGNATURE_LIVES: Final = 2 * SKEW
"""A nonce must be remembered this long after it was seen: then its signature is too old."""

_DATE_SLACK = timedelta(seconds=5)  # a shell asks the clock twice, once for each form
_FIELD_CHARS_MAX = 4_096  # an honest one has some 400; RSA of 16,384 bits has 2,732
_URL_CHARS_MAX = 8_192
_KEYID = re.compile(r';\s*keyid="([0-9a-f]{64})"')
# A dictionary of digests without parameters (RFC 9530): SHA-256 is one of its members.
_SHA_256 = re.compile(
    r"\A(?:[a-z0-9-]+=:[A-Za-z0-9+/=]*:\s*,\s*)*sha-256=:[A-Za-z0-9+/=]*:\s*(?:,|\Z)"
)
_NONCE = re.compile(r"[A-Za-z0-9+/=_-]{22,128}")  # at least 16 bytes, in any base64 or in hex


def _algorithm(scheme: profile.Scheme) -> type[HTTPSignatureAlgorithm]:
    """The name of the standard for how a key of ours signs."""
    return RSA_V1_5_SHA256 if scheme is profile.RSA else ECDSA_P256_SHA256


@dataclass(frozen=True, slots=True)
class _Message:
    """A request as the library wants it: an absolute URL in ASCII, and field lines."""

    method: str
    url: str
    headers: Any


def signed(
    key: SigningKey,
    method: str,
    url: str,
    *,
    to: str,
    now: datetime,
    content: bytes = b"",
    nonce: str | None = None,
) -> dict[str, str]:
    """The header fields that make this a request of ours to the programme `to`.

    `url` is absolute and encoded as it goes over the wire; its host does not matter. `content` is
    the body: with one there is a Content-Digest, which is signed. `nonce` is for tests: without one, 16 random bytes. Raises `NotReady` MRX-3006 if our certificate is not
    valid at `now` (nobody would believe the request), and `BadRequest` MRX-5010 for no such `url`.
    """
    if not key.certificate.valid_at(now):
        raise NotReady("MRX-3006")
    algorithm = _algorithm(key.scheme)
    moment = now.astimezone(UTC).replace(microsecond=0)
    headers = {"Date": format_datetime(moment, usegmt=True)}
    message = _Message(method, url, headers)
    signer = HTTPMessageSigner(signature_algorithm=algorithm)
    try:
        prepared = signer.prepare(
            message,
            key_id=key.certificate.fingerprint,
            created=moment,
            nonce=nonce or secrets.token_urlsafe(16),
            label=LABEL,
            tag=to,
            covered_component_ids=COMPONENTS,
            body=content or None,  # adds its digest, and signs that too
        )
    except HTTPMessageSignaturesException as unusable:
        raise BadRequest("MRX-5010") from unusable
    signature = key.sign(prepared.signature_base)
    if key.scheme is profile.P256:
        signature = ECDSA_P256_SHA256.signature_from_der(signature)
    signer.apply(message, prepared, signature)
    return headers


def keyid_of(fields: Iterable[tuple[str, str]]) -> str:
    """The fingerprint of the certificate under which the request claims to be signed.

    `fields` are header fields as name and value. Only a claim: `verify` compares it. Raises
    `NotTrusted` MRX-7011 where it names none, or several.
    """
    named = _KEYID.findall(_one(_bounded(fields), "signature-input"))
    if len(named) != 1:
        raise NotTrusted("MRX-7011")
    fingerprint: str = named[0]
    return fingerprint


def verify(
    method: str,
    url: str,
    fields: Iterable[tuple[str, str]],
    certificate: Certificate,
    *,
    to: str,
    now: datetime,
    content: bytes = b"",
) -> str:
    """The nonce of a request that this certificate's key signed for the programme `to`.

    `url` is absolute, with path and query exactly as they came over the wire; `fields` are the
    header fields as they came, a repeated one repeatedly; `content` is the body, and must be what
    the signed Content-Digest says. `now` alone decides what is too old
    (`SKEW` either way). Raises `NotTrusted` MRX-7011, whatever is wrong; no other error.
    """
    lines = _bounded(fields)
    if len(url) > _URL_CHARS_MAX or not certificate.valid_at(now) or certificate.scheme is None:
        raise NotTrusted("MRX-7011")
    for name in ("signature-input", "signature", "date"):
        _one(lines, name)
    verifier = _Verifier(
        signature_algorithm=_algorithm(certificate.scheme), key_resolver=_Key(certificate)
    )
    verifier.now = now
    try:
        # Neither tag nor label is asked for, and then the library takes no more than one signature.
        (result,) = verifier.verify(
            _Message(method, url, _joined(lines)),
            max_age=None,
            require_components=COMPONENTS,
            body=content,
        )
    except HTTPMessageSignaturesException as refused:
        raise NotTrusted("MRX-7011") from refused
    if content and not _SHA_256.search(_one(lines, "content-digest")):
        raise NotTrusted("MRX-7011")  # the library takes SHA-512 alone
    said: Mapping[str, Any] = result.parameters
    if not said.keys() >= PARAMETERS or said["tag"] != to or not _NONCE.fullmatch(said["nonce"]):
        raise NotTrusted("MRX-7011")
    if abs(_moment(_one(lines, "date")) - said["created"]) > _DATE_SLACK.total_seconds():
        raise NotTrusted("MRX-7011")
    nonce: str = said["nonce"]
    return nonce


class _Verifier(HTTPMessageVerifier):
    """The library's verifier, at our moment instead of the machine's."""

    now: datetime

    def validate_created_and_expires(
        self, sig_input: Any, max_age: timedelta | None = None
    ) -> None:
        """Refuse what was signed too early, too late, or is not good any more."""
        assert max_age is None, "the bound is ours"
        now, skew = self.now.timestamp(), SKEW.total_seconds()
        created, expires = (sig_input.params.get(name) for name in ("created", "expires"))
        if type(created) is not int or abs(now - created) > skew:
            raise InvalidSignature("too old, or from tomorrow")
        if expires is not None and (type(expires) is not int or expires < now):
            raise InvalidSignature("expired")


class _Key(HTTPSignatureKeyResolver):
    """One certificate's key, by its fingerprint."""

    def __init__(self, certificate: Certificate) -> None:
        self._certificate = certificate

    def resolve_public_key(self, key_id: str) -> Any:
        """The key, or None for another fingerprint."""
        return self._certificate.key if key_id == self._certificate.fingerprint else None


def _bounded(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The field lines with names in lower case. Raises if one that matters here is too long."""
    lines = [(name.lower(), value) for name, value in fields]
    if any(
        len(value) > _FIELD_CHARS_MAX
        for name, value in lines
        if name in {"signature-input", "signature", "date", "content-digest"}
    ):
        raise NotTrusted("MRX-7011")
    return lines


def _one(lines: list[tuple[str, str]], wanted: str) -> str:
    """The one line of this name; none or several are refused."""
    found = [value for name, value in lines if name == wanted]
    if len(found) != 1:
        raise NotTrusted("MRX-7011")
    return found[0]


def _joined(lines: list[tuple[str, str]]) -> dict[str, str]:
    """Repeated fields as one, in their order (RFC 9421, 2.1)."""
    joined: dict[str, str] = {}
    for name, value in lines:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _moment(date: str) -> float:
    """Seconds since 1970 of an HTTP date, which is always in GMT (RFC 9110, 5.6.7)."""
    if not date.endswith(" GMT"):
        raise NotTrusted("MRX-7011")
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError) as unreadable:
        raise NotTrusted("MRX-7011") from unreadable
