"""Accounts as those see them who may not see companies."""


def masked(account: str) -> str:
    """An account that two people can compare and nobody can look up: 316***61.

    >>> masked("31612361"), masked("12345")
    ('316***61', '***')
    """
    return f"{account[:3]}***{account[-2:]}" if len(account) > 5 else "***"
