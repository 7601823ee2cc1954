"""Recognised foreign members, for targeting."""

from fastapi import APIRouter

router = APIRouter()
