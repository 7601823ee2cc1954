"""Asking the real `openssl`. Where it is missing the tests fail: every machine we support has it."""

import subprocess
from datetime import datetime
from pathlib import Path

from signing.keys import SigningKey

SIGN = "cms -sign -nodetach -binary -nosmimecap -md sha256 -signer {crt} -inkey {key} -outform DER"
VERIFY = (
    "cms -verify -binary -inform DER -nointern -certfile {crt} -CAfile {crt} -partial_chain"
    " -no-CApath -no-CAstore -purpose any -attime {at} -out {out}"
)


def openssl(command: str, *more: object, data: bytes = b"", **named: object) -> bytes:
    """Run it and return what it printed, or raise `CalledProcessError`."""
    words = [word.format(**named) for word in command.split()]
    asked = subprocess.run(
        ["openssl", *words, *map(str, more)],
        input=data,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return asked.stdout


def sealed_by_openssl(content: bytes, key: Path, *more: object, crt: Path | None = None) -> bytes:
    """What a partner makes with `openssl cms -sign`; of two words that differ the later wins."""
    return openssl(SIGN, *more, data=content, key=key, crt=crt or key.with_suffix(".crt"))


def opened_by_openssl(file: bytes, pinned: SigningKey, at: datetime, folder: Path) -> bytes | None:
    """The content, or None if openssl does not verify the file against the pinned certificate."""
    crt, out = folder / f"{pinned.certificate.fingerprint}.crt", folder / "content"
    crt.write_text(pinned.certificate.pem)
    try:
        openssl(VERIFY, data=file, crt=crt, at=int(at.timestamp()), out=out)
    except subprocess.CalledProcessError:
        return None  # though it did write the content: only the exit code says anything
    return out.read_bytes()
