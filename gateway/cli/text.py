r"""Text on its way to a person's terminal: nothing in it may act on the terminal.

A company's name may hold line ends, escape sequences of the newer kind (U+009B) and marks that
turn the direction of writing. They are shown as escapes.

>>> clean("Nuñez\x1b[2J 한국\n")
'Nuñez\\x1b[2J 한국\\n'
>>> clean("Acme\u202egpj.exe")
'Acme\\u202egpj.exe'
"""

import json
import unicodedata

# Controls, formats, surrogates, private and unassigned; line and paragraph separators.
_ACTING = ("C", "Zl", "Zp")
# Joiners are spelling in Persian and in Indic scripts, and move nothing.
_HARMLESS = frozenset("\u200c\u200d")


def clean(text: str) -> str:
    """The text with every character that could act on a terminal shown as an escape."""
    if text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode("ascii") if _acts(character) else character
        for character in text
    )


def harmless(document: bytes) -> bytes:
    r"""The same JSON document, with such characters written as JSON's own escapes.

    >>> harmless('{"name": "Acme\u202e"}\n'.encode())
    b'{"name": "Acme\\u202e"}\n'
    """
    text = document.decode()
    escaped = (
        json.dumps(character)[1:-1] if character != "\n" and _acts(character) else character
        for character in text
    )
    return "".join(escaped).encode()


def _acts(character: str) -> bool:
    acting = unicodedata.category(character).startswith(_ACTING)
    return acting and character not in _HARMLESS
