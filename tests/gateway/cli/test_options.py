"""Options that several commands share."""

import pytest
import typer

from gateway.acts import reasons
from gateway.cli.options import one_line


@pytest.mark.parametrize(
    "reason",
    ["", "  ", "two\nlines", "\x1b[2J", "joined\u200cwords", "x" * (reasons.LENGTH_MAX + 1)],
)
def test_a_reason_that_no_act_takes_is_a_usage_error(reason: str):
    with pytest.raises(typer.BadParameter, match="one line of 1 to 500 characters"):
        one_line(reason)


def test_a_reason_is_kept_as_the_acts_keep_it():
    assert one_line("  moved to the second desk ") == reasons.given("moved to the second desk")
