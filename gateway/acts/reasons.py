"""The reason that a person gives for an act: one line that will be read in lists for years."""

from typing import Final

from schemas.errors import BadRequest

LENGTH_MAX: Final = 500


def given(text: str) -> str:
    """The reason as it is kept. Raises `BadRequest` MRX-7023 for none, for more than one line, and
    for more than 500 characters.
    """
    said = text.strip()
    if not said or len(said) > LENGTH_MAX or not said.isprintable():
        raise BadRequest("MRX-7023")
    return said
