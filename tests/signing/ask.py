"""Asking the real `openssl`. Where it is missing the tests fail: it is on every machine we support."""

import subprocess
from datetime import datetime
from pathlib import Path

from signing.keys import SigningKey


def openssl(*words: object, data: bytes = b"") -> bytes:
    """Run it; return what it printed, or raise `CalledProcessError`."""
    return subprocess.run(
        ["openssl", *map(str, words)], input=data, capture_output=True, check=True, timeout=60
    ).stdout


def sealed_by_openssl(content: bytes, key: Path, *words: object, crt: Path | None = None) -> bytes:
    """What a partner's `openssl cms -sign` makes; `words` come last and so win."""
    return openssl(
        *"cms -sign -nodetach -binary -nosmimecap -md sha256 -outform DER".split(),
        *("-signer", crt or key.with_suffix(".crt"), "-inkey", key),
        *words,
        data=content,
    )


def opened_by_openssl(file: bytes, pinned: SigningKey, at: datetime, folder: Path) -> bytes | None:
    """The content, or None if openssl does not verify the file against the pinned certificate."""
    crt = folder / f"{pinned.certificate.fingerprint}.crt"
    crt.write_text(pinned.certificate.pem)
    out = folder / "content"
    asked = subprocess.run(
        [
            *"openssl cms -verify -binary -inform DER -nointern -partial_chain".split(),
            *("-purpose", "any", "-no-CApath", "-no-CAstore", "-attime", str(int(at.timestamp()))),
            *("-certfile", crt, "-CAfile", crt, "-out", out),
        ],
        input=file,
        capture_output=True,
        check=False,
        timeout=60,
    )
    # It writes the content also when it fails: only the exit code says anything.
    return out.read_bytes() if asked.returncode == 0 else None
