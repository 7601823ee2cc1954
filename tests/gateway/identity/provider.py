"""An identity provider for tests: a real HTTP server that keeps to OpenID Connect, until told not to.

with serving() as there:
    there.person = {"sub": "1", "preferred_username": "vera", "roles": ["viewer"]}
    there.lies = {"aud": "another"}         # claims said wrongly, all others as they should be
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT, SECRET = "mrx", "s3cret+with/odd%characters="


def key(kid: str, kind: str = "RSA") -> Any:
    if kind == "EC":
        return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


@dataclass
class Provider:
    """What it is asked for, what it knows, and how it lies."""

    issuer: str = ""
    keys: list[Any] = field(default_factory=lambda: [key("first")])
    person: dict[str, Any] = field(default_factory=dict)
    lies: dict[str, Any] = field(default_factory=dict)
    without: set[str] = field(default_factory=set)
    signs_with: Any = None  # another key than the one it shows
    algorithm: str = "RS256"
    unsigned: bool = False
    discovery: dict[str, Any] = field(default_factory=dict)
    refuses: str | None = None  # what it says at the authorization endpoint instead of a code
    asked: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    waits: dict[str, dict[str, str]] = field(default_factory=dict)
    forgetful: bool = False  # a code counts again and again
    hangs: set[str] = field(default_factory=set)  # paths that are not answered until `go_on`
    hanging: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    go_on: threading.Event = field(default_factory=threading.Event)

    def wait(self, path: str) -> None:
        if path in self.hangs:
            self.hanging.release()
            self.go_on.wait(30)

    def described(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            **self.discovery,
        }

    def authorize(self, query: dict[str, str]) -> str:
        """The address that the browser is sent back to."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        back = {"state": query["state"], "iss": self.issuer}
        if self.refuses is not None:
            return f"{query['redirect_uri']}?{urlencode({**back, 'error': self.refuses})}"
        code = secrets.token_urlsafe(16)
        self.waits[code] = query
        return f"{query['redirect_uri']}?{urlencode({**back, 'code': code})}"

    def token(self, form: dict[str, str], authorization: str | None) -> tuple[int, dict[str, Any]]:
        self.forms.append(form)
        self.authorizations.append(authorization)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        known = form.get("client_secret") == SECRET or authorization == f"Basic {basic}"
        asked = (
            self.waits.get(form["code"]) if self.forgetful else self.waits.pop(form["code"], None)
        )
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if not known:
            return 401, {"error": "invalid_client"}
        if (
            asked is None
            or asked["redirect_uri"] != form["redirect_uri"]
            or base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() != asked["code_challenge"]
        ):
            return 400, {"error": "invalid_grant"}
        return 200, {
            "access_token": "a-token-nobody-needs",
            "token_type": "Bearer",
            "id_token": self.id_token(asked),
        }

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
            **({"auth_time": now} if "max_age" in asked else {}),
            **self.person,
            **self.lies,
        }
        for name in self.without:
            claims.pop(name, None)
        if self.unsigned:
            parts = ({"alg": "none"}, claims)
            return ".".join(_b64(json.dumps(part).encode()) for part in parts) + "."
        by = self.signs_with or self.keys[-1]
        header = {"alg": self.algorithm, "kid": self.keys[-1].kid}
        return jwt.encode(header, claims, by, algorithms=[self.algorithm])


@contextmanager
def serving() -> Iterator[Provider]:
    """A provider on a free port of this machine."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            provider.wait(parts.path)
            if parts.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif parts.path == "/jwks":
                self._answer(200, KeySet(provider.keys).as_dict(private=False))
            elif parts.path == "/.well-known/openid-configuration":
                self._answer(200, provider.described())
            else:
                self._answer(404, {})

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(*provider.token(form, self.headers.get("Authorization")))

        def _answer(self, status: int, facts: dict[str, Any]) -> None:
            body = json.dumps(facts).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        provider.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
