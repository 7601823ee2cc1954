"""An ID token, verified: OpenID Connect Core 3.1.3.7, by Authlib and joserfc.

Signed with a key of the issuer's and an algorithm that is not a shared secret's; from this issuer,
for this client, for this attempt, and valid now. Whatever does not hold is one word in the error.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    ClaimError,
    InvalidKeyIdError,
    JoseError,
    UnsupportedAlgorithmError,
)
from joserfc.jwk import JWKRegistry, KeySet

from schemas.errors import BadRequest

Claims = Mapping[str, Any]
ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}
)
LEEWAY: Final = timedelta(seconds=60)
"""How far the provider's clock may be from ours."""

_BYTES_MAX = 64 << 10


class NoKey(Exception):  # no fault yet: the issuer may have a new key
    """It is signed with a key that the issuer has not shown."""


def verified(
    text: str,
    keys: Sequence[Mapping[str, Any]],
    issuer: str,
    client_id: str,
    *,
    nonce: str,
    algorithms: object = None,
    access_token: str | None = None,
    acr_values: str | None = None,
    proved_since: datetime | None = None,
    now: datetime,
) -> Claims:
    """Its claims. `keys` are the issuer's JWKs, `algorithms` what it says it signs with,
    `proved_since` when they must have shown who they are there at the earliest.

    Raises `BadRequest` MRX-7027 with the word for what does not hold, or `NoKey`.
    """
    if not text or len(text) > _BYTES_MAX:
        raise BadRequest("MRX-7027", why="no ID token")
    said = algorithms if isinstance(algorithms, list) else ["RS256"]
    try:
        token = jwt.decode(
            text, _usable(keys), algorithms=sorted(ALGORITHMS.intersection(map(str, said)))
        )
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": issuer},
                "aud": {"essential": True, "value": client_id},
            },
            {"nonce": nonce, "client_id": client_id, "access_token": access_token},
        )
        claims.validate(now=int(now.timestamp()), leeway=int(LEEWAY.total_seconds()))
    except InvalidKeyIdError as error:
        raise NoKey from error
    except ClaimError as error:
        raise BadRequest("MRX-7027", why=error.claim) from error
    except UnsupportedAlgorithmError as error:
        raise BadRequest("MRX-7027", why="algorithm") from error
    except BadSignatureError as error:
        raise BadRequest("MRX-7027", why="signature") from error
    # A key of another kind than the algorithm's, a header that is none: all their own classes.
    except (JoseError, ValueError, TypeError) as error:
        raise BadRequest("MRX-7027", why="no ID token") from error
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        raise BadRequest("MRX-7027", why="sub")
    if acr_values is not None and claims.get("acr") not in acr_values.split():
        raise BadRequest("MRX-7027", why="acr")
    if proved_since is not None:
        _recent(claims.get("auth_time"), proved_since)
    return dict(claims)


def _recent(at: object, since: datetime) -> None:
    """They showed it for this attempt, says the provider. One that does not say has not asked."""
    if not isinstance(at, int | float) or at < (since - LEEWAY).timestamp():
        raise BadRequest("MRX-7027", why="auth_time")


def _usable(keys: Sequence[Mapping[str, Any]]) -> KeySet:
    """The keys that may sign; one that is malformed, or for something else, spoils no other."""
    found = []
    for key in keys:
        if key.get("use", "sig") != "sig" or key.get("kty") not in {"RSA", "EC"}:
            continue
        try:
            found.append(JWKRegistry.import_key(dict(key)))
        except (JoseError, ValueError, TypeError):
            continue
    return KeySet(found)
