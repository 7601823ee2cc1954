"""The shortest way to each mutant, and to what a long run once found: some steps of the machine, which
hold with the honest product.
"""

from collections.abc import Callable, Mapping
from datetime import date

from schemas.batch import Lane
from tests.journeys.model.machine import Machine
from tests.journeys.model.model import Items

MX, ONE = "mx-neec", "10000001"


def alder(status: str = "VALIDATED", variant: int = 1) -> tuple[str, Items]:
    """The one member of these stories."""
    items = Items(
        name=f"Invented Company Alder {variant}",
        identifiers=frozenset({("SCAC", "QXQA")}),
        status=status,
        since=date(2014, 4, 7),
    )
    return ONE, items


def deliver(run: Machine, way: str = "fine", **more: object) -> None:
    """Its batch goes to Mexico by the routine lane."""
    drawn = {"door": "honest", "meddling": None, "death": None}
    run._deliver(MX, Lane.ROUTINE, way, **(drawn | more))


def revoke(run: Machine) -> None:
    run.revoke(partner=MX, account=ONE)


def consent(run: Machine) -> None:
    """It is taken back while a draft lies there, signed and not released."""
    deliver(run, meddling=("write 2", ("revoke", MX, ONE)))


def receipt(run: Machine) -> None:
    """An earlier receipt comes back for the second batch."""
    deliver(run)
    run.push(one=alder(variant=2), age=0, doubted=False, death=None)
    deliver(run, "older receipt")


def told(run: Machine) -> None:
    """It is taken back while nobody knows whether Mexico heard."""
    deliver(run, "lost answer")
    revoke(run)


def worse(run: Machine) -> None:
    """A benefit level is lost while the routine lane is paused."""
    deliver(run)
    run.operator(partner=MX, word="pause")
    run.push(one=alder("CERTIFIED"), age=0, doubted=False, death=None)
    run.bad_news_travels(partner=MX)


def pause(run: Machine) -> None:
    """It is taken back while the routine lane is paused."""
    deliver(run)
    run.operator(partner=MX, word="pause")
    revoke(run)
    run.bad_news_travels(partner=MX)


def received(run: Machine) -> None:
    """A person at Mexico has to look at the batch first."""
    deliver(run, door="later")


def attempt(run: Machine) -> None:
    """The process dies before the first claim is committed."""
    deliver(run, death=(2, False))


def fence(run: Machine) -> None:
    """A worker is so slow that another takes the lane over; then there is news."""

    def meanwhile() -> None:
        run._act(("work", True))
        run._act(("push", alder(variant=2)))

    run.wire.plan(answering=meanwhile)
    run._work(only=MX, kind=Lane.ROUTINE)


def tombstone(run: Machine) -> None:
    """The announcement is late, and comes after the withdrawal."""
    deliver(run, "never arrived")
    revoke(run)
    run.bad_news_travels(partner=MX)
    run.comes_again(which=1, door="honest")


def doubt(run: Machine) -> None:
    """Nobody knows whether Mexico heard; then the source says of it what we do not know, so that the
    next issue leaves it out. It is to be held back, and no alarm.
    """
    deliver(run, "nonsense")
    run.push(one=alder(variant=2), age=0, doubted=True, death=None)


STORIES: Mapping[str, Callable[[Machine], None]] = {
    story.__name__: story
    for story in (consent, receipt, told, worse, pause, received, attempt, fence, tombstone, doubt)
}


def tell(run: Machine, name: str) -> None:
    """From the beginning until it is calm; after every story all must be as it should."""
    run.begin(some=[alder("EXCEEDING" if name == "worse" else "VALIDATED")])
    STORIES[name](run)
    run.nobody_is_deceived()
    run.the_weather_is_calm()
