"""The evidence of one batch as one file, which anybody can check with OpenSSL.

    README.txt                       what is here, and how to check it
    issues/issue-1.p7m ...           every issue, as it was sealed
    receipts/1-issue-1-applied.p7m   every receipt that verified, in the order they came
    certificates/<fingerprint>.pem   those under which they were signed
    ledger.ndjson                    what the ledger says of the batch, entry by entry
    ledger-head.json                 where the ledger stood when this was made
    manifest.json                    the facts, with the SHA-256 of every file

It is written as it is read, so that no more than one sealed file is in memory at a time.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any, cast

import orjson

from gateway.views import ledger as view
from outbox import evidence, ledger, witness
from outbox.batch import Batch
from outbox.house import House
from signing.open import signer_of

MEDIA_TYPE = "application/zip"
_README = """\
Evidence of one batch of {home} to {partner}: {lane} lane, number {number}, newest issue {issue}.
Made at {now} by mrx.

Each .p7m is one CMS SignedData file (RFC 5652, DER) that holds what was signed. To check an issue,
and see what it says:

    openssl cms -verify -binary -inform DER -in issues/issue-1.p7m \\
        -nointern -certfile certificates/FINGERPRINT.pem -noverify -out issue-1.xml

It is proved if the command ends with 0; believe nothing it writes otherwise. manifest.json says
under which certificate each file was signed. To check a receipt, the same with its file. Compare the fingerprint of a certificate (SHA-256 of
its DER) with its owner, by another way than this file:

    openssl x509 -in certificates/FINGERPRINT.pem -noout -fingerprint -sha256

A receipt names, in its Digest, the SHA-256 of the issue it answers:

    sha256sum issues/issue-1.p7m

ledger.ndjson holds one entry of our ledger a line, as it is kept. The digest of an entry is the
SHA-256 of the compact JSON list [previous, position, at, kind, partner, subject, entry]; the ledger
of {home} is one chain of them, whose head at this moment is in ledger-head.json.
{missing}"""


def name(batch: Batch) -> str:
    """What the file is called."""
    return f"evidence-{batch.partner}-{batch.lane}-{batch.number}.zip"


def written(
    house: House, batch: Batch, issues: frozenset[int], *, now: datetime
) -> Iterator[bytes]:
    """The file in pieces; `issues` are those whose bytes may be handed out (`release.evidence`)."""
    return _Writing(house, batch, issues, now).pieces()


class _Out(io.RawIOBase):
    """Where the archive is written to: what has come since it was last asked for."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any, /) -> int:
        self._pieces.append(bytes(piece))
        return len(self._pieces[-1])

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


@dataclass(slots=True)
class _Writing:
    house: House
    batch: Batch
    issues: frozenset[int]
    now: datetime
    files: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    signed_under: dict[str, str] = field(default_factory=dict)

    def pieces(self) -> Iterator[bytes]:
        out = _Out()
        with zipfile.ZipFile(cast("IO[bytes]", out), "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in self._parts():
                archive.writestr(self._entry(path), content)
                self.files[path] = hashlib.sha256(content).hexdigest()
                yield out.taken()
            archive.writestr(self._entry("README.txt"), self._readme())
            archive.writestr(self._entry("manifest.json"), self._manifest())
        yield out.taken()

    def _entry(self, path: str) -> zipfile.ZipInfo:
        made = zipfile.ZipInfo(path, self.now.timetuple()[:6])
        made.compress_type = zipfile.ZIP_DEFLATED
        made.external_attr = 0o644 << 16
        return made

    def _parts(self) -> Iterator[tuple[str, bytes]]:
        batch, database = self.batch, self.house.database
        with database.read() as tx:
            sealed = evidence.issues(tx, batch)
            answers = evidence.receipts_of(tx, batch.lane_id, batch.epoch, batch.number)
        for one in sealed:
            path = f"issues/issue-{one.issue}.p7m"
            if one.issue not in self.issues:
                self.missing.append(f"{path} ({one.digest}): may not be handed out now")
                continue
            # A transaction each: one over the whole download would keep old rows alive.
            with database.read() as tx:
                content = evidence.issue_file(tx, batch, one.issue)
            yield from self._sealed(path, one.digest, content, "batch files", one.erased_at)
        for n, answer in enumerate(answers, start=1):
            with database.read() as tx:
                content = evidence.receipt_file(tx, answer.digest)
                erased_at = evidence.receipt_erased_at(tx, answer.digest)
            path = f"receipts/{n}-issue-{answer.issue}-{answer.level}.p7m"
            yield from self._sealed(path, answer.digest, content, "receipt files", erased_at)
        yield from self._certificates()
        yield from self._ledger()

    def _sealed(
        self, path: str, digest: str, content: bytes | None, rule: str, erased_at: datetime | None
    ) -> Iterator[tuple[str, bytes]]:
        if content is None:
            when = "" if erased_at is None else f" on {erased_at:%Y-%m-%d} under the rule '{rule}'"
            self.missing.append(
                f"{path} ({digest}): its bytes were erased{when}; the ledger names it. Whoever has "
                "them proves by their SHA-256 that they are the ones"
            )
            return
        self.signed_under[path] = signer_of(content)
        yield path, content

    def _certificates(self) -> Iterator[tuple[str, bytes]]:
        with self.house.database.read() as tx:
            found = {
                one: evidence.certificate(tx, one) for one in sorted({*self.signed_under.values()})
            }
        for fingerprint, pem in found.items():
            if pem is None:
                self.missing.append(f"certificates/{fingerprint}.pem: not kept here")
                continue
            yield f"certificates/{fingerprint}.pem", pem.encode()

    def _ledger(self) -> Iterator[tuple[str, bytes]]:
        with self.house.database.read() as tx:
            entries = witness.entries(tx, self.batch)
            head = ledger.head(tx)
        yield "ledger.ndjson", b"".join(map(view.line, entries))
        stood = {"size": head.size, "digest": head.digest, "at": self.now}
        yield "ledger-head.json", _document(stood)

    def _readme(self) -> bytes:
        missing = "".join(f"\nNot here: {one}" for one in self.missing)
        facts = {name: getattr(self.batch, name) for name in ("partner", "lane", "number", "issue")}
        said = _README.format(
            home=self.house.programme,
            now=f"{self.now:%Y-%m-%dT%H:%M:%SZ}",
            missing=missing,
            **facts,
        )
        return (said.rstrip() + "\n").encode()

    def _manifest(self) -> bytes:
        batch = self.batch
        told = {
            "home": self.house.programme,
            "partner": batch.partner,
            "batch": batch.id,
            "lane": batch.lane,
            "epoch": batch.epoch,
            "number": batch.number,
            "issue": batch.issue,
            "state": batch.state.value,
            "digest": batch.digest,
            "previous_digest": batch.previous_digest,
            "made_at": self.now,
            "files": self.files,
            "signed_under": self.signed_under,
            "missing": self.missing,
        }
        return _document(told)


def _document(facts: dict[str, Any]) -> bytes:
    return orjson.dumps(facts, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z) + b"\n"
