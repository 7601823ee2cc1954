"""What the doctor knows of a gateway, and the bounds by which it judges."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.settings import Settings
from schemas.database import Database
from schemas.server_settings import ServerSettings
from signing.certificate import Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """From where on a value is worth a warning, or fails."""

    disk_low: int = 5 << 30
    disk_full: int = 256 << 20
    certificate_short: timedelta = timedelta(days=30)
    clock_apart: timedelta = timedelta(seconds=1)
    clock_wrong: timedelta = timedelta(seconds=60)
    transaction_old: timedelta = timedelta(seconds=60)
    answer_seconds: float = 3.0


@dataclass(slots=True, kw_only=True)
class Case:
    """One examination; the parts below the line are found on the way."""

    read_settings: Callable[[], Settings]
    environment: Mapping[str, str]
    clock: Callable[[], datetime]
    bounds: Bounds = Bounds()
    # ----
    found: Settings | None = None
    certificate: Certificate | None = None
    database: Database | None = None
    server: ServerSettings | None = None
    redis: Any = None  # its client; and what INFO says
    info: Mapping[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        assert self.found is not None, "a step that needs the settings comes after them"
        return self.found

    @property
    def data(self) -> Database:
        assert self.database is not None, "a step that needs the database comes after it"
        return self.database

    def close(self) -> None:
        """End what was opened."""
        if self.database is not None:
            self.database.close()
        if self.redis is not None:
            self.redis.close()
