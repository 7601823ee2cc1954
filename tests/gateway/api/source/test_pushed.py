"""Rejections of a push, page by page."""

from tests.gateway.api.source.push_calls import (
    Caller,
    lines,
)
from tests.world import member


def test_rejections_are_read_page_by_page(pusher: Caller):
    bad = lines(*(member("1") for _ in range(2_500)))

    told = pusher.push(bad).json()

    assert (told["counts"]["rejected"], len(told["rejections"])) == (2_500, 1_000)
    path = told["more_rejections"].removeprefix("/v1/source")
    more = pusher("GET", path)
    numbers = [one["line"] for one in told["rejections"] + more.json()["items"]]
    assert numbers == list(range(1, 2_001))
    assert more.json()["next"] in more.headers["link"]
    last = pusher("GET", f"/pushes/{told['id']}/rejections?after={more.json()['next']}").json()
    assert [one["line"] for one in last["items"]] == list(range(2_001, 2_501))
    assert last["next"] is None


def test_a_page_of_rejections_is_as_short_as_asked(pusher: Caller):
    told = pusher.push(lines(*(member("1") for _ in range(3)))).json()

    page = pusher("GET", f"/pushes/{told['id']}/rejections?limit=2").json()

    assert [one["line"] for one in page["items"]] == [1, 2]
    assert page["next"]
