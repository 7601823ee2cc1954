"""Whose connection a request came by. What headers say of that does not count."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from fastapi import Request


def within(request: Request, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Whether the other end of the connection itself is in one of these networks."""
    try:
        peer = ip_address("" if request.client is None else request.client.host)
    except ValueError:
        return False
    if isinstance(peer, IPv6Address) and peer.ipv4_mapped is not None:
        peer = peer.ipv4_mapped
    return any(peer in network for network in networks)
