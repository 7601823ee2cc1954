"""`mrx worker`: the lanes, in processes of their own (engine celery)."""

from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.home import open_home
from schemas.errors import NotReady

app = noun()


@app.command(epilog="Example: mrx worker")
def worker() -> None:
    """Work lanes that Celery wakes, beside `mrx serve`, until told to stop.

    Any number may run, on any number of hosts, with MRX_ENGINE=celery and the same MRX_BROKER_URL
    and MRX_DATABASE_URL. Each has processes of its own for urgent lanes, and sweeps: without
    Redis everything still leaves, a little later. SIGTERM and Ctrl-C let transmissions end.
    """
    settings = here.settings()
    if settings.engine != "celery":
        raise NotReady("MRX-9010", setting="MRX_ENGINE")
    # Refuses at once what its children would refuse again and again.
    house = open_home(settings)
    house.database.close()
    # Only now: nobody else pays for importing Celery.
    from gateway.engine import log  # noqa: PLC0415
    from gateway.engine.supervisor import Supervisor  # noqa: PLC0415

    log.begin(settings.log_format)
    answer.talk(f"Lanes of {house.programme} are worked here; Ctrl-C stops it.")
    Supervisor(settings).run()
