"""Key files: made once, never replaced, never shown, whole after any crash."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from schemas.errors import BadRequest, NotReady
from signing import keys
from signing.certificate import Certificate
from signing.open import open_sealed
from signing.seal import seal
from tests.signing.forge import CONTENT, NOW, certificate

PKCS8 = Encoding.PEM, PrivateFormat.PKCS8


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a key is to stand."""
    return tmp_path / "home.key"


@pytest.fixture
def made(path: Path) -> Path:
    """A P-256 key that stands, with its certificate."""
    keys.create(path, "us-ctpat", NOW, kind="p256")
    return path


def refusal(path: Path) -> tuple[str, str]:
    with pytest.raises(NotReady) as refused:
        keys.load(path)
    assert "PRIVATE" not in f"{refused.value} {refused.value.__cause__}"
    return refused.value.code, str(refused.value.facts["because"])


# -- making ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "pattern"), [("rsa", rsa.RSAPrivateKey), ("p256", ec.EllipticCurvePrivateKey)]
)
def test_a_new_key_signs_at_once_and_after_loading(path, kind, pattern):
    created = keys.create(path, "us-ctpat", NOW, kind=kind)

    loaded = keys.load(path)

    assert loaded.certificate == created.certificate
    assert isinstance(loaded._private, pattern)
    assert open_sealed(seal(CONTENT, loaded, NOW), [created.certificate], NOW).content == CONTENT


def test_rsa_is_the_default_of_3072_bits(rsa):
    assert rsa._private.key_size == 3072


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_its_owner_may_read_a_key_whatever_the_umask(path, umask):
    before = os.umask(umask)
    try:
        keys.create(path, "us-ctpat", NOW, kind="p256")
    finally:
        os.umask(before)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.with_suffix(".crt").stat().st_mode & 0o777 == 0o644


def test_the_certificate_is_what_works_everywhere(key):
    found = x509.load_pem_x509_certificate(key.certificate.pem.encode())
    usage = found.extensions.get_extension_for_class(x509.KeyUsage)
    basic = found.extensions.get_extension_for_class(x509.BasicConstraints)

    assert usage.critical
    assert usage.value == x509.KeyUsage(True, *[False] * 8)
    assert not basic.value.ca
    assert len(found.extensions) == 2, "no extended key usage among them"
    assert found.issuer == found.subject
    found.verify_directly_issued_by(found)


def test_the_certificate_lives_from_an_hour_ago_for_three_years(key):
    assert key.certificate.not_before == NOW - timedelta(hours=1)
    assert key.certificate.not_after == NOW + timedelta(days=3 * 365)


def test_a_key_is_never_replaced(made):
    before = made.read_bytes(), made.with_suffix(".crt").read_bytes()

    with pytest.raises(BadRequest, match="MRX-5011"):
        keys.create(made, "us-ctpat", NOW, kind="p256")

    assert (made.read_bytes(), made.with_suffix(".crt").read_bytes()) == before


def test_a_certificate_whose_key_is_gone_is_not_replaced_either(made):
    made.unlink()

    with pytest.raises(BadRequest, match="MRX-5011"):
        keys.create(made, "us-ctpat", NOW, kind="p256")

    assert not made.exists()


def test_a_key_without_certificate_gets_one(made):
    before = made.read_bytes()
    made.with_suffix(".crt").unlink()

    repaired = keys.create(made, "us-ctpat", NOW + timedelta(days=1), kind="rsa")

    assert made.read_bytes() == before
    assert repaired.certificate.not_before == NOW + timedelta(hours=23)


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_a_name_no_certificate_can_say_leaves_nothing_behind(path, name):
    with pytest.raises(ValueError, match=">= 1 and <= 64"):
        keys.create(path, name, NOW, kind="p256")

    assert not list(path.parent.iterdir())


# -- loading -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601, 0o610, 0o777])
def test_a_key_open_to_anybody_else_is_refused(made, mode):
    made.chmod(mode)

    assert refusal(made) == ("MRX-9004", "it is open to group or others")


def test_a_key_that_its_owner_may_only_read_is_taken(made):
    made.chmod(0o400)

    assert keys.load(made)


def test_a_missing_key_is_refused(path):
    assert refusal(path) == ("MRX-9004", "it is missing")


def test_a_folder_is_no_key(path):
    path.mkdir(mode=0o700)

    assert refusal(path) == ("MRX-9004", "it cannot be read")


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda pem: pem[:100], id="cut"),
        pytest.param(lambda pem: b"\0" * len(pem), id="zeros after power loss"),
        pytest.param(lambda pem: pem.replace(b"PRIVATE", b"PUBLIC"), id="misnamed"),
    ],
)
def test_what_is_no_key_is_refused(made, written):
    made.write_bytes(written(made.read_bytes()))

    assert refusal(made) == ("MRX-9004", "it is not a key in PEM")


def test_an_encrypted_key_is_refused_where_no_passphrase_is_set(made):
    private = ec.generate_private_key(ec.SECP256R1())
    made.write_bytes(private.private_bytes(*PKCS8, BestAvailableEncryption(b"secret")))

    assert refusal(made) == ("MRX-9004", "it is encrypted, and no passphrase is set")


@pytest.mark.parametrize(
    "generate",
    [
        pytest.param(lambda: rsa.generate_private_key(65537, 2048), id="RSA-2048"),
        pytest.param(lambda: ec.generate_private_key(ec.SECP384R1()), id="P-384"),
        pytest.param(ed25519.Ed25519PrivateKey.generate, id="Ed25519"),
    ],
)
def test_a_key_that_is_not_of_the_profile_is_refused(made, generate):
    made.write_bytes(generate().private_bytes(*PKCS8, NoEncryption()))

    assert refusal(made) == (
        "MRX-9004",
        "it is neither RSA of at least 3072 bits nor P-256",
    )


def damaged_rsa(path: Path) -> None:
    """Put an RSA key at `path` that can be read, has its primes, and signs wrongly."""
    whole = rsa.generate_private_key(65537, 3072).private_numbers()
    numbers = rsa.RSAPrivateNumbers(
        p=whole.p,
        q=whole.q,
        d=whole.d + 2,
        dmp1=whole.dmp1 + 2,
        dmq1=whole.dmq1,
        iqmp=whole.iqmp,
        public_numbers=whole.public_numbers,
    )
    private = numbers.private_key(unsafe_skip_rsa_key_validation=True)
    path.touch(mode=0o600)
    path.write_bytes(private.private_bytes(*PKCS8, NoEncryption()))


def test_a_damaged_key_signs_nothing(path):
    damaged_rsa(path)
    private = keys._private(path)
    beside = keys._self_signed(
        private, x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "us-ctpat")]), NOW
    )
    path.with_suffix(".crt").write_bytes(beside.public_bytes(Encoding.PEM))

    assert refusal(path) == ("MRX-9004", "what it signs does not verify")


def test_a_damaged_key_gets_no_certificate(path):
    damaged_rsa(path)

    with pytest.raises(NotReady, match="MRX-9004"):
        keys.create(path, "us-ctpat", NOW)

    assert not path.with_suffix(".crt").exists()


def test_a_key_without_certificate_is_not_ready(made):
    made.with_suffix(".crt").unlink()

    assert refusal(made) == ("MRX-3012", "there is none beside the key")


def test_a_certificate_that_cannot_be_used_is_not_ready(made):
    made.with_suffix(".crt").write_text("hello")

    assert refusal(made) == ("MRX-3012", "neither PEM nor DER of a certificate")


def test_a_certificate_of_another_key_is_not_ready(made, p256):
    made.with_suffix(".crt").write_text(p256.certificate.pem)

    assert refusal(made) == ("MRX-3012", "it names another key")


def test_a_certificate_from_an_authority_may_take_the_place_of_ours(made, stranger):
    private = keys.load(made)._private
    issued = certificate(private.public_key(), stranger._private, issuer="an authority")
    made.with_suffix(".crt").write_bytes(issued.public_bytes(Encoding.PEM))

    loaded = keys.load(made)

    assert loaded.certificate == Certificate.parse(issued.public_bytes(Encoding.DER))
    assert open_sealed(seal(CONTENT, loaded, NOW), [loaded.certificate], NOW).content == CONTENT


# -- showing -----------------------------------------------------------------------------------


def test_a_key_shows_the_fingerprint_of_its_certificate_and_nothing_else(key):
    for shown in (repr(key), str(key), f"{key}", f"{[key]}"):
        assert shown.strip("[]") == f"SigningKey({key.certificate.fingerprint})"


def test_a_key_cannot_be_changed_or_copied_out(key):
    import dataclasses
    import pickle

    with pytest.raises(dataclasses.FrozenInstanceError):
        key.certificate = None
    with pytest.raises(TypeError):
        pickle.dumps(key)
