"""The gateway's settings, from the environment; each has a default that is safe."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, NoReturn
from urllib.parse import urlsplit

from pydantic import (
    Field,
    IPvAnyNetwork,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import NoDecode, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from gateway.identity.roles import Role
from gateway.key_settings import KeySettings
from gateway.retention_settings import RetentionSettings
from outbox.house import Terms
from signing.keeping import Keeping


class Settings(RetentionSettings, KeySettings):
    """`MRX_HOME`, `MRX_CONSENTS_FRESH_HOURS` and so on."""

    model_config = SettingsConfigDict(
        env_prefix="MRX_",
        frozen=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,  # an address may hold a password
    )

    home: Path = Field(default=Path("var"), description="the folder that holds database and keys")
    database_url: Annotated[URL, NoDecode] | None = Field(
        default=None,
        repr=False,  # it may hold a password
        description="postgresql+psycopg://user:password@host/name: a server keeps the data, not a "
        "file in the home folder",
    )
    engine: Literal["threads", "celery"] = Field(
        default="threads",
        description="who runs the lanes: threads of `mrx serve`, or any number of `mrx worker` "
        "woken by Celery over Redis",
    )
    broker_url: str | None = Field(
        default=None,
        validate_default=True,
        repr=False,  # it may hold a password
        description="redis://:password@host:6379/0 (also rediss:// and redis+socket:///path): "
        "the Redis of the engine celery, a database of its own for each gateway",
    )
    routine_slots: PositiveInt = Field(
        default=8, le=256, description="routine lanes that one `mrx worker` works at a time"
    )
    urgent_slots: PositiveInt = Field(
        default=2, le=256, description="urgent lanes that one `mrx worker` works at a time"
    )
    consents_fresh_hours: PositiveFloat = Field(
        default=72, description="older than this, the consent feed stops announcements"
    )
    request_seconds: PositiveFloat = Field(
        default=30, description="deadline of one request to a partner"
    )
    withdrawal_due_hours: PositiveFloat = Field(
        default=24, description="a withdrawal not confirmed by then is overdue"
    )
    body_bytes_max: PositiveInt = Field(
        default=32 << 20, description="the largest batch file taken from a partner"
    )
    push_bytes_max: PositiveInt = Field(
        default=2 << 30, description="the largest push taken from the source, also when unpacked"
    )
    requests_per_second: PositiveFloat = Field(
        default=500,
        description="so many requests a second are answered to one token, or under one "
        "certificate of a partner, and ten times as many at once; more: MRX-7034. Each server "
        "counts by itself",
    )
    session_requests_per_second: PositiveFloat = Field(
        default=50,
        description="the same for one person at the console",
    )
    wrong_credentials_per_minute: PositiveFloat = Field(
        default=6_000,
        description="so many wrong tokens, signatures and files are looked at from one address, a "
        "wrong password as fifty; then only who was known within the hour: MRX-7035. Behind a proxy "
        "that MRX_PROXY_ADDRESSES does not name, all have one address",
    )
    connections_max: PositiveInt = Field(
        default=500,
        le=100_000,
        description="so many connections are held at once; for one more, that one is closed whose "
        "client has been silent longest. Files the process may open must be some 200 more",
    )
    client_certificate_header: str = Field(
        default="Client-Cert",
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        description="where a proxy puts the certificate of the TLS handshake (RFC 9440)",
    )
    proxy_addresses: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        default=(),
        description="addresses and networks, by comma, of the proxies whose word counts on a "
        "certificate, and in X-Forwarded-For on where people sign in from; none: nobody's. Each "
        "must drop the certificate's header from what it is sent, and add to the other",
    )
    environment: Literal["test", "production"] = Field(
        default="test",
        description="what every page of the console says on top; production also asks for a second "
        "person where `mrx partner connect` would enable an exchange and `mrx push members "
        "--approve` let a list in",
    )
    metrics_addresses: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        default=(),
        description="addresses and networks, by comma, that read /metrics without a token; none: "
        "nobody does. A proxy's never counts: everybody comes from there",
    )
    log_format: Literal["json", "text"] = Field(
        default="json", description="how `mrx serve` and `mrx worker` write their log, on stderr"
    )
    traces_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/?#@]+[^\s?#@]*$",
        description="where traces go, an OTLP collector by HTTP; none: to what "
        "OTEL_EXPORTER_OTLP_ENDPOINT names, or nowhere",
    )
    status_answer_seconds: NonNegativeFloat = Field(
        default=0.1, description="a partner's status question is answered no sooner than this"
    )
    local_sign_in: Literal["on", "off"] = Field(
        default="on", description="whether the console takes passwords that are kept here"
    )
    oidc_issuer: str | None = Field(
        default=None,
        description="the OpenID Connect provider, exactly as its discovery document names itself; "
        "none: passwords only",
    )
    oidc_client_id: str | None = Field(
        default=None, validate_default=True, description="what the provider calls this gateway"
    )
    console_url: str | None = Field(
        default=None,
        validate_default=True,
        description="where people reach the console; the provider is given this and "
        "`/oidc/callback` as the redirect URI",
    )
    oidc_client_secret: str | None = Field(
        default=None,
        repr=False,
        description="what proves this gateway to the provider; none: it is a public client (PKCE "
        "is used in any case)",
    )
    oidc_client_secret_file: Path | None = Field(
        default=None,
        repr=False,
        description="a file that holds that secret; it comes before the variable",
    )
    oidc_scopes: str = Field(
        default="openid profile email",
        pattern=r"^[!#-\[\]-~ ]*\bopenid\b[!#-\[\]-~ ]*$",
        description="the scopes asked for, by blank",
    )
    oidc_name_claim: str = Field(
        default="preferred_username",
        min_length=1,
        description="the claim of the ID token that names a user at their first sign-in",
    )
    oidc_roles_claim: str = Field(
        default="roles",
        min_length=1,
        description="the claim of the ID token that says their roles, inner ones by dot "
        "(`realm_access.roles`)",
    )
    oidc_roles: Annotated[Mapping[str, Role], NoDecode] = Field(
        default={},
        description="what the provider's words mean here, `word=role` by comma; none: they are our "
        "roles' names",
    )
    oidc_acr_values: str | None = Field(
        default=None,
        description="how sure the provider must be of who it is, by blank; its answer must name "
        "one of them",
    )

    @field_validator("database_url", mode="before")
    @classmethod
    def _url(cls, text: object) -> object:
        """An address of PostgreSQL; its words never stand in an error."""
        if not isinstance(text, str) or not text.strip():
            return text or None
        try:
            url = make_url(text.strip())
        except ArgumentError:
            raise ValueError("it is no URL") from None
        if url.drivername not in {"postgresql", "postgresql+psycopg"} or not url.database:
            raise ValueError("it names no PostgreSQL database")
        return url.set(drivername="postgresql+psycopg")

    @field_validator("broker_url")
    @classmethod
    def _broker(cls, text: str | None, info: ValidationInfo) -> str | None:
        """An address of Redis, needed by the engine celery; its words never stand in an error."""
        given = (text or "").strip() or None
        if given is None:
            if info.data.get("engine") == "celery":
                raise ValueError("the engine celery needs it")
            return None
        try:
            parts = urlsplit(given)
            port = parts.port
        except ValueError:
            raise ValueError("it is no URL") from None
        if parts.scheme == "redis+socket":
            whole = bool(parts.path.strip("/"))
        else:
            whole = parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and port != 0
        if not whole:
            raise ValueError("it names no Redis")
        return given

    @field_validator("proxy_addresses", "metrics_addresses", mode="before")
    @classmethod
    def _listed(cls, text: object) -> object:
        """`10.0.0.7, 10.1.0.0/16` as a list."""
        if not isinstance(text, str):
            return text
        return tuple(part.strip() for part in text.split(",") if part.strip())

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, text: str | None) -> str | None:
        return _web(text)

    @field_validator("console_url")
    @classmethod
    def _console(cls, text: str | None, info: ValidationInfo) -> str | None:
        return _with_issuer((_web(text) or "").rstrip("/") or None, info)

    @field_validator("oidc_client_id")
    @classmethod
    def _client(cls, text: str | None, info: ValidationInfo) -> str | None:
        return _with_issuer((text or "").strip() or None, info)

    @field_validator("oidc_roles", mode="before")
    @classmethod
    def _roles(cls, text: object) -> object:
        """`customs-ops=operator, customs-admins=admin` as a mapping."""
        if not isinstance(text, str):
            return text
        pairs = [part.rpartition("=") for part in text.split(",") if part.strip()]
        return {word.strip(): role.strip() for word, _, role in pairs}

    def __reduce__(self) -> NoReturn:
        """Refuse to be written down: addresses hold passwords."""
        raise TypeError("settings stay in their process")

    @property
    def keeping(self) -> Keeping:
        return self.kept_at(self.home)

    @property
    def terms(self) -> Terms:
        request = timedelta(seconds=self.request_seconds)
        return Terms(
            consents_fresh_for=timedelta(hours=self.consents_fresh_hours),
            request_deadline=request,
            lease=request + timedelta(seconds=30),
            withdrawal_due=timedelta(hours=self.withdrawal_due_hours),
            retention=self.kept_for,
        )


def _web(text: str | None) -> str | None:
    """An https address; http does for this machine alone."""
    given = (text or "").strip()
    if not given:
        return None
    try:
        parts = urlsplit(given)
        host = parts.hostname
    except ValueError:
        raise ValueError("it is no URL") from None
    near = parts.scheme == "http" and host in {"localhost", "127.0.0.1", "::1"}
    if not host or not (near or parts.scheme == "https") or parts.query or parts.fragment:
        raise ValueError("it is no https URL")
    return given


def _with_issuer(text: str | None, info: ValidationInfo) -> str | None:
    if text is None and info.data.get("oidc_issuer"):
        raise ValueError("with MRX_OIDC_ISSUER it is needed")
    return text
