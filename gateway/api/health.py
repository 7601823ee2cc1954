"""`/health`: whether the process turns, and whether the gateway can do its work."""

from datetime import UTC, datetime

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from gateway import health
from gateway.api.context import Here

router = APIRouter(prefix="/health")


@router.get("/live")
def live(here: Here) -> dict[str, str]:
    """The process turns, key and database stand."""
    return {"status": "live", "home": here.house.programme}


@router.get("/ready")
def ready(here: Here) -> JSONResponse:
    """Each thing an exchange needs, by name: `ok`, or the code of what lacks."""
    checks = health.checks(here.house, now=datetime.now(UTC))
    well = all(check is None for check in checks.values())
    return JSONResponse(
        {"ready": well, "checks": {name: code or "ok" for name, code in checks.items()}},
        status_code=200 if well else 503,
    )
