"""The one file: a zip whose names are known beforehand, written once, read with suspicion.

Nothing is taken from the archive but parts that its signed manifest names, each with its size and
digest, so that no name leads out of a folder, no link is made, and no part grows beyond what was
said. What the zip itself claims of a part is compared and never trusted.
"""

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from gateway.backup import manifest as manifests
from gateway.backup.manifest import Manifest, Part
from schemas.errors import BadDocument, BadRequest
from signing.certificate import Certificate

CHUNK = 1 << 20
PARTS_MAX = 256
CERTIFICATE_BYTES = 64 << 10
SEALED_MAX = manifests.BYTES_MAX + (64 << 10)  # with the signature around it
Step = Callable[[int], None]


class Writer:
    """Parts go in one after the other; what went in is remembered for the manifest."""

    def __init__(self, archive: zipfile.ZipFile, now: datetime) -> None:
        self._archive, self._now = archive, now
        self.parts: dict[str, Part] = {}

    def add(self, name: str, source: IO[bytes], *, packed: bool = True, step: Step) -> None:
        """One part, to the end of the source. `packed`: it is compressed already."""
        digest, size = hashlib.sha256(), 0
        entry = self._entry(name, packed=packed)
        with self._archive.open(entry, "w", force_zip64=True) as part:
            while piece := source.read(CHUNK):
                part.write(piece)
                digest.update(piece)
                size += len(piece)
                step(len(piece))
        self.parts[name] = Part(bytes=size, sha256=digest.hexdigest())

    def close(self, sealed: bytes) -> None:
        """The signed manifest is the last part."""
        self._archive.writestr(self._entry(manifests.SIGNED, packed=True), sealed)

    def _entry(self, name: str, *, packed: bool) -> zipfile.ZipInfo:
        made = zipfile.ZipInfo(name, self._now.timetuple()[:6])
        made.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
        made._compresslevel = 1  # type: ignore[attr-defined]  # noqa: SLF001  # public from 3.13 on
        made.external_attr = (stat.S_IFREG | 0o600) << 16
        return made


@contextmanager
def writing(file: Path, *, now: datetime) -> Iterator[Writer]:
    """A new archive in a file of our own."""
    with zipfile.ZipFile(file, "w") as archive:
        yield Writer(archive, now)


class Reader:
    """An archive that somebody brings."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        if len(names) > PARTS_MAX or len(set(names)) != len(names):
            raise _bad("it holds parts that no backup has")
        for entry in entries:
            plain = entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if entry.flag_bits & 1 or not plain or kind not in (0, stat.S_IFREG):
                raise _bad("it holds parts that no backup has")
        self._entries = {entry.filename: entry for entry in entries}

    def signed(self) -> bytes:
        """The sealed manifest, unopened."""
        entry = self._entries.get(manifests.SIGNED)
        if entry is None:
            raise _bad("it has no manifest")
        if entry.file_size > SEALED_MAX:
            raise _bad("its manifest is too large")
        with self._archive.open(entry) as part:
            return part.read(SEALED_MAX + 1)

    def certificates(self) -> Iterator[Certificate]:
        """The certificates it carries; nobody has said yet that they are anybody's."""
        for name, entry in self._entries.items():
            if name.startswith("keys/") and name.endswith(".crt"):
                with self._archive.open(entry) as part:
                    yield Certificate.parse(part.read(CERTIFICATE_BYTES))

    def check(self, manifest: Manifest) -> None:
        """Every part is named by the manifest, in its size, and nothing else is here."""
        if self._entries.keys() != {*manifest.parts, manifests.SIGNED}:
            raise _bad("its parts are not those of its manifest")
        for name, part in manifest.parts.items():
            if self._entries[name].file_size != part.bytes:
                raise _bad("a part is not as large as its manifest says")

    def part(self, name: str, said: Part, step: Step) -> Iterator[bytes]:
        """The pieces of a part. What came is not to be used before the last one: raises
        `BadDocument` at the end if it was another content, and at once if it is too much.
        """
        digest, size = hashlib.sha256(), 0
        with self._archive.open(self._entries[name]) as part:
            while piece := part.read(CHUNK):
                size += len(piece)
                if size > said.bytes:
                    raise _bad("a part is larger than its manifest says")
                digest.update(piece)
                step(len(piece))
                yield piece
        if (size, digest.hexdigest()) != (said.bytes, said.sha256):
            raise _bad("a part is not what its manifest says")


@contextmanager
def reading(file: Path) -> Iterator[Reader]:
    """Raises `BadRequest` MRX-5009 where it cannot be read, `BadDocument` MRX-9018 where it is no
    backup, or a damaged one.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            yield Reader(archive)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError) as error:
        raise _bad("it is no whole archive") from error
    except zlib.error as error:
        raise _bad("a part cannot be unpacked") from error
    except OSError as error:
        raise BadRequest("MRX-5009", because=error.strerror or "it cannot be read") from error


def _bad(because: str) -> BadDocument:
    return BadDocument("MRX-9018", because=because)
