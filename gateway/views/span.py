"""How a length of time is said: on pages, in alarms, in the terminal."""

from datetime import timedelta


def span(length: timedelta) -> str:
    """Its two largest units; the smaller one only where there is any. Days count from the third on.

    >>> span(timedelta(seconds=12)), span(timedelta(minutes=5)), span(timedelta(minutes=5, seconds=3))
    ('12 s', '5 min', '5 min 03 s')
    >>> span(timedelta(hours=24)), span(timedelta(hours=26, minutes=4)), span(timedelta(hours=99))
    ('24 h', '26 h 04 min', '4 d 3 h')
    """
    seconds = max(0, int(length.total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3_600, seconds // 86_400
    if hours >= 72:
        return _two(f"{days} d", hours % 24, f"{hours % 24} h")
    if hours:
        return _two(f"{hours} h", minutes % 60, f"{minutes % 60:02} min")
    return (
        _two(f"{minutes} min", seconds % 60, f"{seconds % 60:02} s") if minutes else f"{seconds} s"
    )


def _two(large: str, rest: int, small: str) -> str:
    return f"{large} {small}" if rest else large
