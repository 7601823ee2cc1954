"""The Celery application: how wake-ups travel over Redis.

A task is the name of a lane and nothing else. Celery on Redis loses some tasks and doubles others,
with late acknowledgement too (measured, ENGINE's section 1), so nothing rests on one arriving:
no results, no retries, no times of its own, no beat. What each setting is against stands beside it.
"""

from typing import Any

from celery import Celery
from kombu import Exchange, Queue

from gateway.settings import Settings
from outbox.delivery import BUDGET
from schemas.batch import Lane

TASK = "mrx.lane"
# A wake-up older than this is of no use: a sweep has been there. Seconds.
EXPIRES = 30
PREFIX = "mrx:"


def build(settings: Settings, **transport: float) -> Celery:
    """The application for these settings; `transport` are other timeouts towards Redis. Connects
    when it is first used.
    """
    assert settings.broker_url is not None, "the settings ask for it with this engine"
    app = Celery("mrx", broker=settings.broker_url, set_as_current=False, fixups=[])
    app.conf.update(_conf(settings))
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, **transport}
    return app


def _conf(settings: Settings) -> dict[str, Any]:
    longest = BUDGET.total_seconds() + settings.request_seconds
    return {
        # One lane is one queue's work; the anonymous exchange needs no bindings in Redis, which
        # a FLUSHALL would take away.
        "task_queues": [Queue(lane.value, Exchange(""), routing_key=lane.value) for lane in Lane],
        "task_create_missing_queues": False,
        "task_default_queue": Lane.ROUTINE.value,
        "accept_content": ["json"],
        # A lane's row says what became of it.
        "result_backend": None,
        "task_ignore_result": True,
        # Early: a late one is acknowledged for a dead child all the same, or loops poison for ever.
        "task_acks_late": False,
        "task_reject_on_worker_lost": False,
        # Nothing is hoarded by a worker that has no free slot.
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": True,
        # Beyond any taking that is well: its budget, and the request that began within it.
        "task_soft_time_limit": longest + 10,
        "task_time_limit": longest + 40,
        "worker_max_tasks_per_child": 500,
        "worker_max_memory_per_child": 400_000,  # KiB
        "worker_soft_shutdown_timeout": settings.request_seconds + 5,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_send_task_events": False,
        "worker_enable_remote_control": False,
        "task_send_sent_event": False,
        "task_publish_retry": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # the default gives up after 100
        "broker_pool_limit": 4,
        "broker_pool_acquire_timeout": 2,  # the default waits for ever
        "broker_connection_timeout": 3,
        "broker_transport_options": {
            "visibility_timeout": 300,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "global_keyprefix": PREFIX,
            "socket_timeout": 5,
            "socket_connect_timeout": 3,
            "socket_keepalive": True,
            "health_check_interval": 25,
            # Of who publishes: one try. A worker that lost Redis tries for ever, see above.
            "max_retries": 0,
        },
    }
