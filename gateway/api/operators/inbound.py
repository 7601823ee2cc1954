"""Partners' batches that wait for a person."""

from fastapi import APIRouter

router = APIRouter()
