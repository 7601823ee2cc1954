"""What we hold of a partner, and what we believe it holds of us."""

from fastapi import APIRouter

router = APIRouter()
