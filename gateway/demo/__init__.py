"""`mrx demo`: the whole exchange on one machine, as real processes, where anyone can see it."""


def run(once: bool) -> int:  # noqa: FBT001  # called with this one word
    """Play the demo and return an exit code: 0 if everything came out as it should.

    Makes a fresh folder under $MRX_HOME. With `once` it ends by itself; else it keeps serving
    until Ctrl-C. Either way every process it started has ended when this returns.
    """
    # Here and not above: every process of a demo imports this package, and needs none of that.
    from gateway.demo.play import play  # noqa: PLC0415

    return play(once=once)
