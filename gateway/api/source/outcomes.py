"""What became of things, as a feed."""

from fastapi import APIRouter

router = APIRouter()
