"""One member: as the source described it, as a partner would be told, who was told."""

from fastapi import APIRouter

router = APIRouter()
