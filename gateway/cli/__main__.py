"""`python -m gateway.cli`."""

from gateway.cli import run

run()
