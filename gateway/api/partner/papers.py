"""Papers: agreement, schemas, certificates, and a signed echo."""

from fastapi import APIRouter

router = APIRouter()
