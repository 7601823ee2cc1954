"""Every walk by its name."""

from typing import Final

from tests.journeys.crash.walk import Walk
from tests.journeys.crash.walks_ends import Pulled, Reconcile
from tests.journeys.crash.walks_keys import Init, Keys, Migration
from tests.journeys.crash.walks_lanes import Exchange, Fetched, Reissue, Revoke
from tests.journeys.crash.walks_push import Push, Upkeep

WALKS: Final[dict[str, Walk]] = {
    "push": Push(),
    "exchange": Exchange(),
    "revoke": Revoke(),
    "reissue": Reissue(),
    "fetched": Fetched(),
    "pulled": Pulled(),
    "reconcile": Reconcile(),
    "keys": Keys(),
    "init": Init(),
    "migration": Migration(),
    "upkeep": Upkeep(),
}
