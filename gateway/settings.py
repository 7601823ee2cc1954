"""The gateway's settings, from the environment; each has a default that is safe."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings, SettingsConfigDict

from outbox.house import Terms


class Settings(BaseSettings):
    """`MRX_HOME`, `MRX_CONSENTS_FRESH_HOURS` and so on."""

    model_config = SettingsConfigDict(env_prefix="MRX_", frozen=True)

    home: Path = Field(default=Path("var"), description="the folder that holds database and keys")
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

    @property
    def terms(self) -> Terms:
        request = timedelta(seconds=self.request_seconds)
        return Terms(
            consents_fresh_for=timedelta(hours=self.consents_fresh_hours),
            request_deadline=request,
            lease=request + timedelta(seconds=30),
            withdrawal_due=timedelta(hours=self.withdrawal_due_hours),
        )
