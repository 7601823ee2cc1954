"""Templates, and how times, counts and accounts are written in them."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from gateway.views.masking import masked
from schemas.codes import CODES

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
STYLES: Final = STATIC / "vendor" / "uswds" / "css" / "uswds.min.css"
_UTC = ZoneInfo("UTC")


def span(length: timedelta) -> str:
    """A length of time in its two largest units: 2 h 04 min, 3 d 5 h, 12 s."""
    seconds = max(0, int(length.total_seconds()))
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {seconds % 60:02} s" if minutes else f"{seconds} s"


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
