r"""A company's name: what every name must satisfy, and the form in which it is kept.

Names are kept in NFC and otherwise exactly as published: never NFKC (it rewrites full-width
letters and ㈜), never stripped, never transliterated. Source: domain/encodings.md section 1.

>>> parse("Nandu\u0303").encode()
b'Nand\xc5\xa9'
"""

import re
import unicodedata

from schemas.errors import BadRecord

LENGTH_MAX = 500
# No character of NFC stands for more than four others, so that a longer text is too long in NFC as
# well. It is not normalised to find that out: the marks of one letter are sorted one by one, and a
# line of them took five minutes.
_LENGTH_UNCOMPOSED_MAX = 4 * LENGTH_MAX
# XML 1.0 section 2.2: these have no place in a document, not even as a character reference.
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Separators, controls and invisible format characters, by their category in Unicode.
_UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})


def parse(text: str) -> str:
    """Return the name in NFC, or raise `BadRecord`."""
    if text.isascii() and text.isprintable() and 0 < len(text.strip()) <= len(text) <= LENGTH_MAX:
        return text  # as most are: nothing below could be said of it
    if NOT_XML.search(text):
        surrogate = any("\ud800" <= character <= "\udfff" for character in text)
        raise BadRecord("MRX-1004" if surrogate else "MRX-1104")
    if len(text) > _LENGTH_UNCOMPOSED_MAX:
        raise BadRecord("MRX-1103", limit=LENGTH_MAX)
    name = unicodedata.normalize("NFC", text)
    if len(name) > LENGTH_MAX:
        raise BadRecord("MRX-1103", limit=LENGTH_MAX)
    # Blank to a person. A letter that this Python's Unicode does not know yet is not, and neither is
    # one of a private area.
    if all(unicodedata.category(character) in _UNSEEN for character in name):
        raise BadRecord("MRX-1102")
    return name
