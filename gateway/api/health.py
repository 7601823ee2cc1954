"""`/health`: whether the process turns, and whether the gateway can do its work."""

from datetime import UTC, datetime

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from gateway import health
from gateway.api.context import Context, Here

router = APIRouter(prefix="/health")


@router.get("/live")
def live(here: Here) -> dict[str, str]:
    """The process turns, key and database stand."""
    return {"status": "live", "home": here.house.programme}


@router.get("/ready")
def ready(here: Here) -> JSONResponse:
    """Each thing an exchange needs, by name: `ok`, or the code of what lacks; how old the feeds are."""
    now = datetime.now(UTC)
    checks = health.checks(here.house, now=now)
    well = all(check is None for check in checks.values())
    told = {
        "ready": well,
        "checks": {name: code or "ok" for name, code in checks.items()},
        "feeds": {} if checks["database"] else _feeds(here, now),
    }
    return JSONResponse(told, status_code=200 if well else 503)


def _feeds(here: Context, now: datetime) -> dict[str, object]:
    return {name: _fact(feed) for name, feed in health.feeds(here.house, now=now).items()}


def _fact(feed: health.Feed) -> dict[str, object]:
    as_of = None if feed.as_of is None else feed.as_of.isoformat().replace("+00:00", "Z")
    return {"as_of": as_of, "age_hours": feed.age_hours, "bound_hours": feed.bound_hours}
