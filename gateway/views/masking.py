"""Accounts as those see them who may not see companies."""


def masked(account: str) -> str:
    """An account that two people can compare and nobody can look up: 316***61. Of one with less
    than eight digits nothing is shown: too few would be left to guess.

    >>> masked("31612361"), masked("3161236")
    ('316***61', '***')
    """
    return f"{account[:3]}***{account[-2:]}" if len(account) >= 8 else "***"
