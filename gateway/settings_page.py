"""The page of all settings, `docs/settings.md`: made from `gateway.settings`, never by hand."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from gateway.settings import Settings

PREFIX = "MRX_"
HEAD = """# Settings

Every setting of `mrx`, an environment variable each; the defaults are safe. Made by `make docs` from `gateway/settings.py`.

`mrx settings` shows those in force, `mrx doctor` says what is set wrongly. A value that cannot be used stops every command with
MRX-9010 and the name of the variable. All processes of one gateway (`mrx serve`, `mrx worker`, commands) need the same values;
they are read once, at the start.
"""
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Where everything is": ("home", "database_url"),
    "Who runs the lanes": ("engine", "broker_url", "routine_slots", "urgent_slots"),
    "How our keys are kept": (
        "key_passphrase_file",
        "token_module",
        "token_label",
        "token_pin_file",
        "token_key_label",
    ),
    "What the outbox keeps to": (
        "consents_fresh_hours",
        "request_seconds",
        "withdrawal_due_hours",
    ),
    "What is kept how long": (
        "retention",
        "retention_batch_files_days",
        "retention_receipt_files_years",
        "retention_inbound_files_days",
        "retention_told_numbers_days",
        "retention_former_members_days",
        "retention_consents_years",
        "retention_pushes_days",
    ),
    "What is taken, and from whom": (
        "body_bytes_max",
        "push_bytes_max",
        "requests_per_second",
        "session_requests_per_second",
        "wrong_credentials_per_minute",
        "connections_max",
        "proxy_addresses",
        "client_certificate_header",
        "status_answer_seconds",
    ),
    "What people see": ("environment", "console_url"),
    "How people sign in": (
        "local_sign_in",
        "oidc_issuer",
        "oidc_client_id",
        "oidc_client_secret",
        "oidc_client_secret_file",
        "oidc_scopes",
        "oidc_name_claim",
        "oidc_roles_claim",
        "oidc_roles",
        "oidc_acr_values",
    ),
    "Who watches it": ("metrics_addresses", "log_format", "traces_endpoint"),
}
OTHERS = "Others"
EXAMPLES: Mapping[str, str] = {
    "home": "/var/lib/mrx",
    "database_url": "postgresql+psycopg://mrx:secret@db.example/mrx",
    "engine": "celery",
    "broker_url": "redis://:secret@redis.example:6379/0",
    "key_passphrase_file": "/run/secrets/mrx-keys",
    "token_module": "/usr/lib/softhsm/libsofthsm2.so",
    "token_label": "mrx",
    "token_pin_file": "/run/secrets/mrx-pin",
    "token_key_label": "mrx-production",
    "routine_slots": "16",
    "urgent_slots": "4",
    "consents_fresh_hours": "48",
    "request_seconds": "20",
    "withdrawal_due_hours": "12",
    "retention": "on",
    "retention_batch_files_days": "400",
    "retention_receipt_files_years": "10",
    "retention_inbound_files_days": "90",
    "retention_told_numbers_days": "90",
    "retention_former_members_days": "180",
    "retention_consents_years": "10",
    "retention_pushes_days": "90",
    "body_bytes_max": "67108864",
    "push_bytes_max": "1073741824",
    "requests_per_second": "200",
    "session_requests_per_second": "20",
    "wrong_credentials_per_minute": "60",
    "connections_max": "2000",
    "proxy_addresses": "10.0.0.7, 10.1.0.0/16",
    "client_certificate_header": "Client-Cert",
    "status_answer_seconds": "0.25",
    "environment": "production",
    "console_url": "https://mrx.example/console",
    "local_sign_in": "off",
    "oidc_issuer": "https://login.example/realms/customs",
    "oidc_client_id": "mrx",
    "oidc_client_secret": "secret",
    "oidc_client_secret_file": "/run/secrets/mrx-oidc",
    "oidc_scopes": "openid profile email",
    "oidc_name_claim": "email",
    "oidc_roles_claim": "realm_access.roles",
    "oidc_roles": "customs-operators=operator, customs-admins=admin",
    "oidc_acr_values": "http://idmanagement.gov/ns/assurance/aal/2",
    "metrics_addresses": "10.0.0.9, 10.2.0.0/16",
    "log_format": "text",
    "traces_endpoint": "http://collector.example:4318",
}
_UNITS = ("seconds", "hours", "bytes", "days", "years")
_LIMITS: Mapping[str, str] = {
    "gt": "more than",
    "ge": "at least",
    "lt": "less than",
    "le": "at most",
}
_SHAPES: Mapping[str, str] = {
    "home": "a path",
    "database_url": "a URL of PostgreSQL",
    "broker_url": "a URL of Redis",
    "key_passphrase_file": "a path",
    "token_module": "a path",
    "token_label": "text",
    "token_pin_file": "a path",
    "proxy_addresses": "addresses and networks, by comma",
    "console_url": "an https URL",
    "oidc_issuer": "an https URL",
    "oidc_client_secret_file": "a path",
    "oidc_scopes": "words by blank, `openid` among them",
    "oidc_roles": "`word=role` by comma",
    "metrics_addresses": "addresses and networks, by comma",
    "traces_endpoint": "a URL, http or https",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting in words. `secret` is one whose value may hold a password."""

    name: str
    default: str
    accepts: str
    meaning: str
    example: str | None
    secret: bool


def settings() -> dict[str, Setting]:
    """Every setting by its field's name."""
    return {name: _said(name, field) for name, field in Settings.model_fields.items()}


def page() -> str:
    """The page, in Markdown."""
    return "\n".join([HEAD, *_sections()])


def _sections() -> Iterator[str]:
    known = settings()
    grouped = {name for names in GROUPS.values() for name in names}
    others = tuple(name for name in known if name not in grouped)
    for title, names in (*GROUPS.items(), (OTHERS, others)):
        here = [known[name] for name in names if name in known]
        if not here:
            continue
        yield f"## {title}\n"
        yield "| variable | default | takes | meaning | example |"
        yield "|---|---|---|---|---|"
        yield from _rows(here)
        yield ""


def _rows(listed: Iterable[Setting]) -> Iterator[str]:
    for one in listed:
        example = "" if one.example is None else f"`{one.example}`"
        default = f"`{one.default}`" if one.default else "none"
        cells = (f"`{one.name}`", default, one.accepts, one.meaning, example)
        yield "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _said(name: str, field: FieldInfo) -> Setting:
    return Setting(
        name=PREFIX + name.upper(),
        default=written(field.default),
        accepts=_accepts(name, field),
        meaning=field.description or "",
        example=EXAMPLES.get(name),
        secret=not field.repr,
    )


def written(value: Any) -> str:
    """A value as the environment would say it; empty for none."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{word}={meant}" for word, meant in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def _accepts(name: str, field: FieldInfo) -> str:
    """What a value must be: its kind and unit, then its limits."""
    if get_origin(field.annotation) is Literal:
        return " or ".join(f"`{word}`" for word in get_args(field.annotation))
    kind = _SHAPES.get(name) or _kind(name, field)
    return ", ".join([kind, *_limits(field)])


def _kind(name: str, field: FieldInfo) -> str:
    if field.annotation in {int, float}:
        unit = next((unit for unit in _UNITS if unit in name.split("_")), None)
        number = "a whole number" if field.annotation is int else "a number"
        return f"{number} of {unit}" if unit else number
    pattern = next((one.pattern for one in field.metadata if getattr(one, "pattern", None)), None)
    return "text" if pattern is None else f"`{pattern.removeprefix('^').removesuffix('$')}`"


def _limits(field: FieldInfo) -> Iterator[str]:
    """`Gt(gt=0)` as "more than 0"."""
    for sign, words in _LIMITS.items():
        for one in field.metadata:
            if hasattr(one, sign):
                yield f"{words} {getattr(one, sign)}"
