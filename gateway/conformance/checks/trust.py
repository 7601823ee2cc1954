"""Whose word is believed (P6). None of these may ever get a receipt."""

from gateway.conformance.judgement import refused
from gateway.conformance.lane import HOME
from gateway.conformance.run import NAME, Run
from schemas.programme import PROGRAMMES


def unsigned(run: Run) -> str:
    return refused(run.post(run.lane().batch([run.member()]).content), "an unsigned batch")


def changed_byte(run: Run) -> str:
    file = bytearray(run.lane().batch([run.member()]).file)
    file[file.index(NAME.encode())] ^= 1
    return refused(run.post(bytes(file)), "a batch that was changed on its way")


def stranger(run: Run) -> str:
    return refused(
        run.send(run.lane().batch([run.member()], key=run.stranger)), "a stranger's batch"
    )


def addressee(run: Run) -> str:
    other = _third(run)
    return refused(
        run.send(run.lane().batch([run.member()], recipient=other)), "a batch for somebody else"
    )


def sender(run: Run) -> str:
    """Who speaks is whom the certificate is pinned for, whatever the header says."""
    other = _third(run)
    return refused(
        run.send(run.lane().batch([run.member()], sender=other)), "a batch in another's name"
    )


def _third(run: Run) -> str:
    """A programme that is neither end."""
    return next(code for code in sorted(PROGRAMMES) if code not in (HOME, run.pair.programme))
