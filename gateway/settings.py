"""The gateway's settings, from the environment; each has a default that is safe."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
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
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from outbox.house import Terms


class Settings(BaseSettings):
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
    client_certificate_header: str = Field(
        default="Client-Cert",
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        description="where a proxy puts the certificate of the TLS handshake (RFC 9440)",
    )
    proxy_addresses: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        default=(),
        description="addresses and networks, by comma, of the proxies whose word on a certificate "
        "counts; none: nobody's. Each must drop this header from what it is sent",
    )
    environment: Literal["test", "production"] = Field(
        default="test", description="what every page of the console says on top"
    )
    status_answer_seconds: NonNegativeFloat = Field(
        default=0.1, description="a partner's status question is answered no sooner than this"
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

    @field_validator("proxy_addresses", mode="before")
    @classmethod
    def _listed(cls, text: object) -> object:
        """`10.0.0.7, 10.1.0.0/16` as a list."""
        if not isinstance(text, str):
            return text
        return tuple(part.strip() for part in text.split(",") if part.strip())

    @property
    def terms(self) -> Terms:
        request = timedelta(seconds=self.request_seconds)
        return Terms(
            consents_fresh_for=timedelta(hours=self.consents_fresh_hours),
            request_deadline=request,
            lease=request + timedelta(seconds=30),
            withdrawal_due=timedelta(hours=self.withdrawal_due_hours),
        )
