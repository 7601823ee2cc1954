"""How many notices of a partner are where, counted as far as the overview counts them."""

from gateway.cli import answer
from gateway.views.count import Count
from gateway.views.rows import Row


def facts(row: Row) -> answer.Facts:
    """The counts; `over` names those that were not counted to their end."""
    counted = _counts(row)
    over = [name for name, count in counted.items() if count.more]
    return {**{name: count.n for name, count in counted.items()}, "over": over}


def say_more(row: Row) -> None:
    """Say of which counts there may be more. Of what is held there may be less: open withdrawals
    are taken off as far as they are looked at.
    """
    for name, count in _counts(row).items():
        if count.more:
            word = "at most" if name == "held" else "over"
            answer.talk(f"{row.partner}: {word} {count.n:,} {name}.")


def _counts(row: Row) -> dict[str, Count]:
    held = Count(row.held, row.held_at_most)
    return {"pending": row.pending, "blocked": row.blocked, "refused": row.refused, "held": held}
