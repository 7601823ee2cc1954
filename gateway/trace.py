"""Where something unexpected happened, without what it said.

The text of an exception may repeat what it stumbled over: a name, an identifier. Its type and the
places it passed through are what an engineer needs, and hold no company data.
"""

import traceback


def of(error: BaseException) -> str:
    """The type and the places, the innermost last; causes first."""
    lines: list[str] = []
    one: BaseException | None = error
    while one is not None:
        places = traceback.extract_tb(one.__traceback__)
        said = "".join(f"\n  {p.filename}:{p.lineno} in {p.name}" for p in places)
        lines.insert(0, type(one).__name__ + said)
        one = one.__cause__ or one.__context__
    return "\nled to ".join(lines)
