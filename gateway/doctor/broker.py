"""Redis, which carries the wake-ups of the engine `celery`. It is never the truth: what is lost
there is found again by the sweep, and costs seconds.
"""

import time
from datetime import UTC, datetime

from gateway.checkup.finding import Found, Result
from gateway.checkup.reaching import Failed
from gateway.doctor import data
from gateway.doctor.case import Case

# Between two waits of a second each, nobody waits for a moment.
_LOOKS = 3
_LOOK_SECONDS = 0.05


def reach(case: Case) -> Found:
    import redis  # noqa: PLC0415  # nobody else pays for it

    address = _plain(str(case.settings.broker_url))
    seconds = case.bounds.answer_seconds
    try:
        case.redis = redis.Redis.from_url(
            address, socket_timeout=seconds, socket_connect_timeout=seconds
        )
        case.info = case.redis.info()
    except (redis.RedisError, ValueError) as error:
        # The kind only: an address may hold a password.
        raise Failed(
            f"it does not answer: {type(error).__name__}",
            "start it, or correct MRX_BROKER_URL; the lanes go on meanwhile, with some delay",
        ) from error
    return Found(f"Redis {case.info['redis_version']} answers")


def eviction(case: Case) -> Found:
    policy = str(case.info.get("maxmemory_policy"))
    if policy != "noeviction":
        raise Failed(
            f"maxmemory-policy is {policy}: it may delete the queues' bindings (kombu#1063)",
            "maxmemory-policy noeviction, in redis.conf or by CONFIG SET",
        )
    return Found("maxmemory-policy is noeviction")


def persistence(case: Case) -> Found:
    """What it keeps does not matter; that it refuses writes because it cannot keep them does."""
    if case.info.get("rdb_last_bgsave_status") == "err" or (
        case.info.get("aof_enabled") and case.info.get("aof_last_write_status") == "err"
    ):
        return Found(
            "it could not save to its disk, and may refuse wake-ups for that (MISCONF)",
            "free its disk, or turn saving off: nothing there has to be kept",
            Result.WARNING,
        )
    kept = "it appends to a file" if case.info.get("aof_enabled") else "it keeps no log"
    return Found(f"{kept}; either will do, the database is the truth")


def workers(case: Case) -> Found:
    """A worker with a free slot waits in Redis; one that is busy does not, nor does one elsewhere."""
    for _ in range(_LOOKS):
        waiting = int(case.redis.info("clients")["blocked_clients"])
        if waiting:
            return Found(f"{waiting} clients wait there for wake-ups")
        time.sleep(_LOOK_SECONDS)
    return Found(
        "nobody waits there for wake-ups: no `mrx worker` runs, or all are busy",
        "start one, or more",
        Result.WARNING,
    )


def clock(case: Case) -> Found:
    def theirs() -> datetime:
        seconds, micro = case.redis.time()
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micro)

    return data.compared("Redis", theirs, case)


def _plain(address: str) -> str:
    """The address as Redis's own client spells it: kombu has another word for a unix socket."""
    if not address.startswith("redis+socket://"):
        return address
    return address.replace("redis+socket://", "unix://", 1).replace("virtual_host=", "db=")
