"""One member's status now, for a partner that may know it."""

from fastapi import APIRouter

router = APIRouter()
