"""Whose connection a request came by, and whose words of it count."""

from ipaddress import ip_network
from typing import Any

import pytest
from fastapi import Request

from gateway.api import peer

PROXIES = (ip_network("192.0.2.0/24"), ip_network("2001:db8:ffff::/48"))
PROXY = "192.0.2.7"


def request(host: str | None, *forwarded: str) -> Request:
    scope: dict[str, Any] = {
        "type": "http",
        "client": None if host is None else (host, 1),
        "headers": [(b"x-forwarded-for", one.encode()) for one in forwarded],
    }
    return Request(scope)


@pytest.mark.parametrize(
    ("host", "forwarded", "source"),
    [
        pytest.param("203.0.113.5", [], "203.0.113.5", id="no proxy"),
        pytest.param("203.0.113.5", ["198.51.100.1"], "203.0.113.5", id="anybody's word"),
        pytest.param(PROXY, ["198.51.100.1"], "198.51.100.1", id="a proxy's word"),
        pytest.param(PROXY, ["6.6.6.6, 198.51.100.1"], "198.51.100.1", id="the last"),
        pytest.param(PROXY, ["6.6.6.6", "198.51.100.1"], "198.51.100.1", id="two headers"),
        pytest.param(PROXY, ["198.51.100.1, 192.0.2.9"], "198.51.100.1", id="two proxies"),
        pytest.param(PROXY, ["198.51.100.1:4711"], "198.51.100.1", id="with a port"),
        pytest.param(PROXY, ["[2001:db8:1:2:3::4]:80"], "2001:db8:1:2::/64", id="IPv6, port"),
        pytest.param(PROXY, [], PROXY, id="a proxy that says nothing"),
        pytest.param(PROXY, ["198.51.100.1, unknown"], PROXY, id="a proxy that says no address"),
        pytest.param(PROXY, ["192.0.2.9"], PROXY, id="proxies only"),
        pytest.param("2001:db8:1:2::9", [], "2001:db8:1:2::/64", id="a network is one source"),
        pytest.param("::ffff:203.0.113.5", [], "203.0.113.5", id="IPv4 in IPv6"),
        pytest.param("::ffff:192.0.2.7", ["198.51.100.1"], "198.51.100.1", id="such a proxy"),
        pytest.param("a socket", [], "", id="no address"),
        pytest.param(None, [], "", id="nothing"),
    ],
)
def test_where_somebody_comes_from(host: str | None, forwarded: list[str], source: str):
    assert peer.source(request(host, *forwarded), PROXIES) == source
