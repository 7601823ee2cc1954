"""One target under the fuzzer, in a process of its own: `python -m tests.fuzz.child TARGET ...`.

Our packages are instrumented, so that libFuzzer sees which lines an input reaches; lxml, orjson and
OpenSSL are not ours, and are only called. Further words are libFuzzer's own.
"""

import os
import sys

import atheris

with atheris.instrument_imports(
    include=["schemas", "mappers", "signing", "gateway.intake"], enable_loader_override=False
):
    from tests.fuzz.mutating import mutated
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Fuzz until libFuzzer has enough; it ends the process."""
    target = TARGETS[sys.argv[1]]
    act = target.act

    def once(data: bytes) -> None:
        act(data)
        if "MRX_FUZZ_SPOILT" in os.environ and len(data) > 3:
            raise RuntimeError("spoilt on purpose")  # that a finding is found, for the test of it

    def mutate(data: bytes, size: int, seed: int) -> bytes:
        made = mutated(data, seed, lambda some: atheris.Mutate(some, size))
        return made if len(made) <= size else atheris.Mutate(data, size)

    more = {"custom_mutator": mutate} if target.structured else {}
    atheris.Setup([sys.argv[0], *sys.argv[2:]], once, **more)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
