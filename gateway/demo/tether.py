"""`mrx`, tied to the process that started it: `python -m gateway.demo.tether COMMAND ...`.

Standard input is a pipe whose other end the demo holds and never writes to. When the demo ends,
however it ends, the kernel closes that end; then this process ends too, at once. What it leaves
half done is what a power cut would leave, and the next start finishes it.
"""

import os
import threading


def main() -> None:
    threading.Thread(target=_watch, name="tether", daemon=True).start()
    # Only now: importing takes long enough to be orphaned in.
    from gateway import cli  # noqa: PLC0415

    cli.run()


def _watch() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
