"""What reading one document takes: the most memory that was held at once, and seconds of CPU.

Each is read in a copy of this process of its own, and memory is all that the copy ever had, libxml2's
too, less what one had that read a few bytes. Run as a program it prints, as JSON, for every hostile
document that has a name, how much that is, and how much for an honest one of its size.
"""

import gc
import json
import os
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import orjson

from schemas.errors import NotTrusted
from signing import keys
from signing.open import open_sealed, signer_of
from signing.seal import seal
from tests.flaws import pushes
from tests.flaws.batches import honest, record, written
from tests.flaws.catalogue import BATCHES, SEALED
from tests.flaws.costly import SHAPES, members, verdict
from tests.flaws.pushes import HEADER, event, row
from tests.flaws.sealed import Bench
from tests.flaws.test_cost import FLOODS, taken
from tests.flaws.test_cost_of_lines import BAD_EVENTS, BAD_LINES, QUOTES, events_of, lines_of
from tests.mappers.material import named
from tests.signing.forge import NOW
from tests.signing.test_cost import FLOODS as SEALED_FLOODS
from tests.world import member

# Below it a document is compared with one of this size: what less takes is lost in the rounding.
SMALL: Final = 1 << 18
SMALL_INPUT: Final = 1 << 20  # a line may be so long; of more than some lines nothing is held
# Above these with one of this size, which takes less. A full batch is half as large.
LARGE: Final = 1 << 24
LARGE_BATCH: Final = 1 << 22
MEMORY_MAX: Final = 2 << 30  # where all else fails, the machine goes on

Read = Callable[[bytes], object]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Documents that are read alike. Each is made when it is needed."""

    read: Read
    honest: Callable[[int], bytes]
    hostile: Mapping[str, Callable[[], bytes]]
    small: int = SMALL

    def of_its_size(self, size: int) -> int:
        """The size of the honest one to compare with: a power of two, as a rule not above its own."""
        return min(1 << max(size, self.small).bit_length() - 1, LARGE)


def apart(act: Callable[[], object]) -> tuple[int, float]:
    """What a copy of this process took that did nothing else."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            began = time.process_time()
            act()
            os.write(tell, repr(time.process_time() - began).encode())
            os._exit(0)
        except BaseException:  # noqa: BLE001  # the copy must not go on as if it were we
            traceback.print_exc()
            os._exit(1)
    os.close(tell)
    seconds = os.read(told, 100)
    os.close(told)
    _, status, used = os.wait4(child, 0)
    if status != 0:
        raise RuntimeError("the copy did not come to its end")
    return used.ru_maxrss << 10, float(seconds)


def numbered(make: Callable[[str], bytes], size: int) -> bytes:
    """So many bytes of lines, each of an account of its own."""
    number = size // len(make("10000000"))
    return b"".join([make(str(n)) for n in range(10_000_000, 10_000_000 + number)])


def batch(size: int) -> bytes:
    """An honest batch of about this size."""
    number = min(size, LARGE_BATCH) // 320 + 1
    some = named([f"Inventada {n}" for n in range(number)])
    return written(*[record(0, ref=one.ref) for one in some])


def opened(bench: Bench) -> Read:
    """Reading a sealed file as the partner door does."""

    def read(file: bytes) -> None:
        with suppress(NotTrusted):
            signer_of(file, bytes_max=len(file))
            open_sealed(file, [bench.key.certificate], NOW, bytes_max=len(file))

    return read


def bench(folder: Path) -> Bench:
    made = {}
    for name in ("ours", "stranger"):
        made[name] = keys.create(folder / f"{name}.key", "us-ctpat", NOW, kind="p256")
    return Bench(
        key=made["ours"],
        key_file=folder / "ours.key",
        stranger=made["stranger"],
        stranger_file=folder / "stranger.key",
    )


def kinds(our: Bench) -> dict[str, Kind]:
    """Everything hostile that has a name, but for what openssl makes."""
    some = [flaw for flaw in SEALED if "p256" in flaw.kinds and not flaw.asks]
    lines = BAD_LINES | {name: data for name, (data, _) in pushes.MEMBERS.items()}
    tables = QUOTES | {name: data for name, (data, _) in pushes.ROWS.items()}
    events = BAD_EVENTS | {name: data for name, (data, _) in pushes.CONSENTS.items()}
    return {
        "sealed files": Kind(
            read=opened(our),
            honest=lambda size: seal(b"x" * size, our.key, NOW),
            hostile={str(flaw): partial(flaw.make, our) for flaw in some}
            | {name: partial(flood, our, name) for name in SEALED_FLOODS},
        ),
        "batches": Kind(
            read=taken,
            honest=batch,
            hostile={str(flaw): partial(flaw.make, honest()) for flaw in BATCHES} | FLOODS,
        ),
        "documents": Kind(
            read=verdict,
            honest=members,
            hostile={name: make for name, (make, _) in SHAPES.items()},
        ),
        "lines": Kind(
            read=lines_of,
            honest=partial(numbered, lambda account: orjson.dumps(member(account)) + b"\n"),
            hostile={name: partial(bytes, data) for name, data in lines.items()},
            small=SMALL_INPUT,
        ),
        "tables": Kind(
            read=partial(lines_of, form="csv"),
            honest=lambda size: HEADER + numbered(lambda account: row(account) + b"\n", size),
            hostile={name: partial(bytes, HEADER + data) for name, data in tables.items()},
            small=SMALL_INPUT,
        ),
        "consents": Kind(
            read=events_of,
            honest=partial(numbered, lambda account: event(account=account) + b"\n"),
            hostile={name: partial(bytes, data) for name, data in events.items()},
            small=SMALL_INPUT,
        ),
    }


def flood(our: Bench, name: str) -> bytes:
    return our.draft(**SEALED_FLOODS[name]()).file()


def weighed(kind: Kind, folder: Path) -> Iterator[tuple[str, tuple[int, float], tuple[int, float]]]:
    """Each hostile document of this kind: what it takes, and what an honest one of its size."""
    apart(partial(put, folder, kind))  # so that this process never holds one
    sizes = {name: (folder / str(n)).stat().st_size for n, name in enumerate(kind.hostile)}
    read = lambda file: kind.read((folder / str(file)).read_bytes())  # noqa: E731
    read("few")
    nothing, _ = apart(lambda: read("few"))
    honest_ = {}
    for size in {kind.of_its_size(size) for size in sizes.values()}:
        honest_[size] = apart(lambda size=size: read(f"honest {size}"))
    for n, name in enumerate(kind.hostile):
        memory, seconds = apart(lambda n=n: read(n))
        most, longest = honest_[kind.of_its_size(sizes[name])]
        yield name, (memory - nothing, seconds), (most - nothing, longest)


def put(folder: Path, kind: Kind) -> None:
    """Put the documents into files, and honest ones beside them."""
    sizes = set()
    for n, make in enumerate(kind.hostile.values()):
        content = make()
        sizes.add(kind.of_its_size(len(content)))
        (folder / str(n)).write_bytes(content)
    for size in sizes:
        (folder / f"honest {size}").write_bytes(kind.honest(size))
    (folder / "few").write_bytes(kind.honest(1_000))


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    gc.freeze()
    with tempfile.TemporaryDirectory() as folder:
        said = {}
        for name, kind in kinds(bench(Path(folder))).items():
            said[name] = list(weighed(kind, Path(folder)))
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
