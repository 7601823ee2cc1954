"""The steps that lead to a partner's server, and the certificates at both ends."""

from datetime import timedelta

from gateway.checkup import reaching
from gateway.checkup.finding import Found, Result, Way
from gateway.checkup.reaching import Failed

RUNWAY_SHORT = 30
"""Days: people have to compare fingerprints, and a change of certificates takes them weeks."""


def dns(way: Way) -> Found:
    way.ips = reaching.resolve(way.address, seconds=way.deadline)
    return Found(f"{way.address.host} is {', '.join(way.ips)}")


def connect(way: Way) -> Found:
    way.ip = reaching.connect(way.address, way.ips, seconds=way.deadline)
    return Found(f"{way.ip} takes connections on port {way.address.port}")


def tls(way: Way) -> Found:
    if not way.address.secure:
        return Found(
            "plain http: whoever is on the line reads along, and may pose as them",
            "for tests only, never in production: have them serve https",
            Result.SKIPPED,
        )
    way.server = reaching.handshake(way.address, way.ip, seconds=way.deadline)
    return Found(f"{way.server.version}, and the server's certificate is trusted here")


def certificate(way: Way) -> Found:
    now = way.clock()
    if not way.pinned:
        raise Failed(
            "no certificate of theirs is pinned",
            f"ask them for it, then `mrx partner connect {way.partner} --certificate FILE`",
        )
    ours = way.house.key.certificate
    if not ours.valid_at(now):
        raise Failed("our own certificate is not valid now", "`mrx key stage`, then activate it")
    valid = [one for one in way.pinned if one.valid_at(now)]
    if not valid:
        raise Failed(
            f"none of their {len(way.pinned)} pinned certificates is valid now",
            "have them stage a new one, or pin it with `mrx partner connect`",
        )
    runway = {
        "theirs for signing": _days(max(one.not_after for one in valid) - now),
        "ours": _days(ours.not_after - now),
    }
    if way.server is not None:
        runway["their server's"] = _days(way.server.not_after - now)
    short = [whose for whose, days in runway.items() if days < RUNWAY_SHORT]
    return Found(
        ", ".join(f"{whose} ends in {days} days" for whose, days in runway.items()),
        f"exchange the next one now: {', '.join(short)}" if short else None,
    )


def _days(runway: timedelta) -> int:
    return max(runway.days, 0)
