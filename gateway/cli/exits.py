"""What the exit code of a command says. Scripts rely on it: a number never changes its meaning."""

DONE = 0
FAILED = 1
USAGE = 2
REJECTED = 3
"""Done, but something was rejected, found wrong, or is still open."""
WAITS = 6
"""Nothing was taken: it waits for approval. Outranks `REJECTED`."""
PIPE_CLOSED = 141
"""Whoever read our output stopped reading: what a shell reports of any program then."""
