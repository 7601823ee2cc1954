"""Whose connection a request came by. What headers say of that counts only from a trusted proxy."""

import re
from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from fastapi import Request

_HOPS_MAX = 20
_HOST = re.compile(r"^(?:\[([^\]]*)\]|([0-9.]+))(?::\d+)?$")  # with a port, as some write it


def within(request: Request, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Whether the other end of the connection itself is in one of these networks."""
    peer = _read("" if request.client is None else request.client.host)
    return peer is not None and any(peer in network for network in networks)


def source(request: Request, proxies: Collection[IPv4Network | IPv6Network]) -> str:
    """The address that somebody comes from: the connection's, or, where that is one of these
    proxies', the last one in X-Forwarded-For that is none of them. Of IPv6 the network (/64), whose
    addresses are all one person's. '' where there is none.
    """
    peer = _read("" if request.client is None else request.client.host)
    if peer is None:
        return ""
    found = peer
    if within(request, proxies):
        said = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        # From the right: each of our proxies has added whom it saw; further left stand made-up ones.
        for text in reversed(said[-_HOPS_MAX:]):
            hop = _read(_HOST.sub(r"\1\2", text.strip()))
            if hop is None:
                break
            if not any(hop in network for network in proxies):
                found = hop
                break
    if isinstance(found, IPv6Address):
        return str(ip_network((found, 64), strict=False))
    return str(found)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
