"""The gateway itself: the file for whoever helps."""

from typing import Final

from gateway.identity.roles import Role
from tests.gateway.console.browser.journey import Download, Follow, Journey, See

JOURNEYS: Final = (
    Journey(
        name="take the diagnostics",
        does=(),  # it only looks
        role=Role.VIEWER,
        steps=(
            Follow("System"),
            See("Does the gateway work?"),
            Download("Diagnostics file", begins=b"{", link=True),
        ),
    ),
)
