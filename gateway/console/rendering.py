"""Templates, and how times, counts and accounts are written in them."""

from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from gateway.acts import reasons
from gateway.views.masking import masked
from gateway.views.span import span
from schemas.codes import CODES

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
STYLES: Final = STATIC / "vendor" / "uswds" / "css" / "uswds.min.css"
_UTC = ZoneInfo("UTC")


def number(count: int) -> str:
    """A count with thin spaces between the thousands."""
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


@pass_context
def when(context: Context, moment: datetime | None) -> Markup:
    """A moment as a `<time>`, in the zone of whoever looks, with the zone's name."""
    if moment is None:
        return Markup("&ndash;")
    zone: ZoneInfo = context.get("zone", _UTC)
    local = moment.astimezone(zone)
    iso = moment.astimezone(_UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}">{}</time>').format(iso, f"{local:%Y-%m-%d %H:%M %Z}")


def coded(text: str) -> Markup:
    """A sentence of ours with its `commands` as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts)
    )


def title_of(code: str) -> str:
    """What a code means."""
    return CODES[code].title if code in CODES else code


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["REASON_LENGTH_MAX"] = reasons.LENGTH_MAX
    made.filters |= {
        "masked": masked,
        "span": span,
        "number": number,
        "when": when,
        "title_of": title_of,
        "coded": coded,
    }
    return made


ENVIRONMENT: Final = _environment()


def render(template: str, facts: dict[str, Any]) -> str:
    """A template of the console as HTML."""
    return ENVIRONMENT.get_template(template).render(facts)
