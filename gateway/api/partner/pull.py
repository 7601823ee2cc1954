"""Pull: a partner fetches our batches."""

from fastapi import APIRouter

router = APIRouter()
