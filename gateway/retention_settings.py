"""The settings of retention: whether it runs by itself, and a term for each rule."""

from datetime import timedelta
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from outbox.retention import RULES, Retention, Rule, years


class RetentionSettings(BaseSettings):
    """A part of `gateway.settings.Settings`. A term that is too short is refused (P8)."""

    retention: Literal["on", "off"] = Field(
        default="off",
        description="whether what is over its term is erased once a day, without anybody's doing; "
        "off: only by hand (`mrx retention`)",
    )
    retention_batch_files_days: int = Field(
        default=365,
        ge=30,
        le=36_600,
        description="sealed files of our batches are erased so long after the batch was closed",
    )
    retention_receipt_files_years: int = Field(
        default=6,
        ge=5,
        le=100,
        description="files of partners' receipts are erased so long after they came",
    )
    retention_inbound_files_days: int = Field(
        default=365,
        ge=30,
        le=36_600,
        description="sealed files of partners' batches are erased so long after they were decided",
    )
    retention_told_numbers_days: int = Field(
        default=365,
        ge=30,
        le=36_600,
        description="the identifiers a partner was told are erased so long after it confirmed that "
        "it deleted the record",
    )
    retention_former_members_days: int = Field(
        default=365,
        ge=30,
        le=36_600,
        description="name and identifiers of a member that nobody holds are erased so long after a "
        "full list left it out",
    )
    retention_consents_years: int = Field(
        default=6,
        ge=5,
        le=100,
        description="the consents of such a member are erased so long after its name was",
    )
    retention_pushes_days: int = Field(
        default=365,
        ge=30,
        le=36_600,
        description="the row of a push is erased so long after it ended",
    )

    @property
    def kept_for(self) -> Retention:
        """The same as the outbox takes it."""
        return Retention(
            terms={rule.name: self._term(rule) for rule in RULES}, daily=self.retention == "on"
        )

    def _term(self, rule: Rule) -> timedelta:
        n: int = getattr(self, rule.setting)
        return years(n) if rule.proof else timedelta(days=n)
