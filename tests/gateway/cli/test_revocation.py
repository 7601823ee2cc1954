"""`mrx revocation list|enter`."""

import pytest

from tests.gateway.cli.command import Mrx


@pytest.mark.usefixtures("told")
def test_a_revocation_is_tried_entered_and_listed(mrx: Mrx):
    order = ("revocation", "enter", "10000001", "mx-neec", "--reason", "their letter")

    [foreseen] = mrx.json(*order, "--dry-run")
    assert mrx.json("revocation", "list", "--show", "all") == []
    [entered] = mrx.json(*order)
    listed = mrx.json("revocation", "list")

    assert foreseen == {
        "partner": "mx-neec", "consented": True, "answer": "withdrawal on its way"
    }  # fmt: skip
    assert (entered["id"], entered["answer"]) == (1, "withdrawal on its way")
    assert [(one["id"], one["overdue"]) for one in listed] == [(1, False)]
    assert mrx.json("revocation", "list", "--show", "overdue") == []
    assert mrx.json("revocation", "list", "--partner", "ca-pip") == []
    assert "--reason" in mrx(*order[:-1], " ", code=2).stderr
