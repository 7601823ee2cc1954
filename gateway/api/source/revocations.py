"""Taking a consent back, and following it."""

from fastapi import APIRouter

router = APIRouter()
