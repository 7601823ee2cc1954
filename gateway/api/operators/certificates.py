"""Partners' next certificates, waiting for two persons."""

from fastapi import APIRouter

router = APIRouter()
