"""The identity provider: OpenID Connect's code flow with PKCE, as its client.

    discovery   once an hour: where to send people, where to fetch tokens and keys
    address     where the browser is sent
    claims      code --token endpoint--> ID token --verified (`id_token`)--> who it is

Only what the provider signed for this very attempt is believed. Each call to it has one deadline
and a limit of bytes; nothing is followed elsewhere (`outbox.call`). Anybody may make us call it, so
a few do at a time: one that hangs does not take the threads of the partners' door.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore2
import orjson
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.discovery import get_well_known_url

from gateway.identity import id_token
from gateway.identity.attempt import Attempt
from gateway.identity.id_token import Claims, NoKey
from gateway.identity.roles import Role
from gateway.identity.turns import Turns
from gateway.settings import Settings
from outbox import call
from schemas.errors import BadRequest, NotReady

BACK: Final = "/oidc/callback"
"""Below the console's address: where the provider sends people back to."""

_LIMIT = timedelta(seconds=10)
_BYTES_MAX = 1 << 20
_KEPT = timedelta(hours=1)
_KEYS_AGAIN = timedelta(minutes=1)  # a key nobody knows is asked for no more often
_FAILED = timedelta(seconds=5)  # a provider that is down does not hold a thread for everyone
_MAKING = threading.Lock()
_ASKED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """This gateway, as the provider knows it, and what its words mean here."""

    issuer: str
    client_id: str
    secret: str | None = field(repr=False)
    back: str
    scopes: str
    acr_values: str | None
    name_claim: str
    roles_claim: str
    roles: tuple[tuple[str, Role], ...]


def of(settings: Settings) -> "Provider | None":
    """The provider these settings name, or None. Raises `NotReady` MRX-9010 if the file with the
    secret cannot be read.
    """
    if settings.oidc_issuer is None:
        return None
    assert settings.oidc_client_id is not None, "the settings see to it"
    client = Client(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        secret=_secret(settings),
        back=f"{settings.console_url}{BACK}",
        scopes=settings.oidc_scopes,
        acr_values=settings.oidc_acr_values,
        name_claim=settings.oidc_name_claim,
        roles_claim=settings.oidc_roles_claim,
        roles=tuple(settings.oidc_roles.items()),
    )
    with _MAKING:  # one for all: many at once would have turns of their own each
        return _made(client)


def _secret(settings: Settings) -> str | None:
    if settings.oidc_client_secret_file is None:
        return settings.oidc_client_secret or None
    try:
        return settings.oidc_client_secret_file.read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeError) as error:
        raise NotReady("MRX-9010", setting="MRX_OIDC_CLIENT_SECRET_FILE") from error


class Provider:
    """One provider and what it said of itself; safe to share between threads."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._connections: httpcore2.ConnectionPool = call.pool()
        self._turns = Turns(4)
        self._facts = _Kept(self._discovered)
        self._keys = _Kept(self._fetched_keys)

    def address(self, attempt: Attempt, *, now: datetime) -> str:
        """Where to send the browser. Raises `NotReady` MRX-7026, `BadRequest` MRX-7032."""
        with self._turns.one():
            facts = self._facts.get(now, _KEPT)
        again = {"prompt": "login", "max_age": "0"} if attempt.proving else {}
        address: str = prepare_grant_uri(
            facts["authorization_endpoint"],
            client_id=self.client.client_id,
            response_type="code",
            redirect_uri=self.client.back,
            scope=self.client.scopes,
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
            acr_values=self.client.acr_values,
            **again,
        )
        return address

    def claims(self, attempt: Attempt, code: str, *, now: datetime) -> Claims:
        """Who it is that came back with this code. Raises `NotReady` MRX-7026 (no answer) or
        `BadRequest`: MRX-7027 (one that does not hold), MRX-7032 (too many are asking).
        """
        with self._turns.one():
            return self._claims(attempt, code, now=now)

    def _claims(self, attempt: Attempt, code: str, *, now: datetime) -> Claims:
        facts = self._facts.get(now, _KEPT)
        tokens = self._tokens(facts, attempt, code)
        said = str(tokens.get("id_token") or "")

        def verified(keys: list[Mapping[str, Any]]) -> Claims:
            return id_token.verified(
                said,
                keys,
                self.client.issuer,
                self.client.client_id,
                nonce=attempt.nonce,
                algorithms=facts.get("id_token_signing_alg_values_supported"),
                access_token=tokens.get("access_token"),
                acr_values=self.client.acr_values,
                proved_since=attempt.began_at if attempt.proving else None,
                now=now,
            )

        try:
            return verified(self._keys.get(now, _KEPT))
        except NoKey:
            try:
                return verified(self._keys.get(now, _KEYS_AGAIN))  # they have a new one since
            except NoKey as none:
                raise BadRequest("MRX-7027", why="signature") from none

    def _discovered(self, _now: datetime) -> Mapping[str, Any]:
        facts = self._json("GET", get_well_known_url(self.client.issuer, external=True))
        if facts.get("issuer") != self.client.issuer:
            raise NotReady("MRX-7026", why="it names another issuer")
        near = self.client.issuer.startswith("http://")  # this machine, say the settings
        for name in _ASKED:
            scheme = urlsplit(str(facts.get(name))).scheme
            if scheme != "https" and not (near and scheme == "http"):
                raise NotReady("MRX-7026", why=name)
        return facts

    def _fetched_keys(self, now: datetime) -> list[Mapping[str, Any]]:
        keys = self._json("GET", self._facts.get(now, _KEPT)["jwks_uri"]).get("keys")
        return [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []

    def _tokens(self, facts: Mapping[str, Any], attempt: Attempt, code: str) -> Mapping[str, Any]:
        body = prepare_token_request(
            "authorization_code",
            code=code,
            redirect_uri=self.client.back,
            code_verifier=attempt.verifier,
        )
        # In the body where the provider takes it there: how a header's secret is escaped, clients
        # and providers never agreed on.
        taken = facts.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        way = "client_secret_post" if "client_secret_post" in taken else "client_secret_basic"
        auth = ClientAuth(
            self.client.client_id,
            self.client.secret,
            auth_method=way if self.client.secret else "none",
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        address, headers, body = auth.prepare("POST", facts["token_endpoint"], headers, body)
        return self._json("POST", address, headers=headers, content=body.encode(), why="code")

    def _json(
        self,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        why: str | None = None,
    ) -> Mapping[str, Any]:
        """A JSON object from there. A refusal (4xx) is about what we brought, if `why` names it."""
        try:
            reply = call.call(
                self._connections,
                method,
                address,
                headers={"Accept": "application/json", **(headers or {})},
                content=content,
                limit=_LIMIT,
                bytes_max=_BYTES_MAX,
            )
        except call.Broken as broken:
            raise NotReady("MRX-7026", why=str(broken)) from broken
        if why is not None and 400 <= reply.status < 500:
            raise BadRequest("MRX-7027", why=why)
        try:
            facts = orjson.loads(reply.body) if reply.status == 200 else None
        except orjson.JSONDecodeError:
            facts = None
        if not isinstance(facts, dict):
            raise NotReady("MRX-7026", status=reply.status)
        return facts


class _Kept:
    """Something fetched, and kept for a while; so is that it could not be.

    Nobody holds the lock while fetching: who hangs there holds up no one who finds it here.
    """

    def __init__(self, fetch: Callable[[datetime], Any]) -> None:
        self._fetch = fetch
        self._value: Any = None
        self._at: datetime | None = None
        self._failed: tuple[datetime, NotReady] | None = None
        self._lock = threading.Lock()

    def get(self, now: datetime, no_older: timedelta) -> Any:
        with self._lock:
            if self._at is not None and abs(now - self._at) <= no_older:
                return self._value
            if self._failed is not None and abs(now - self._failed[0]) <= _FAILED:
                raise NotReady(self._failed[1].code, **self._failed[1].facts)
        try:
            fetched = self._fetch(now)
        except NotReady as error:
            with self._lock:
                self._failed = (now, error)
            raise
        with self._lock:
            self._value, self._at = fetched, now
        return fetched


@lru_cache(maxsize=8)
def _made(client: Client) -> Provider:
    return Provider(client)
