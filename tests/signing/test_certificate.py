"""Certificates: which may be pinned, and what is read of them."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import NotTrusted
from signing import profile
from signing.certificate import Certificate
from signing.der import SEQUENCE, SET, encode
from tests.signing.forge import DIGITAL_SIGNATURE, NOW, certificate, element, under

PEM, DER = Encoding.PEM, Encoding.DER


@pytest.fixture
def found(p256) -> x509.Certificate:
    """A certificate one could pin."""
    private = p256._private
    return certificate(private.public_key(), private, subject="mx-neec", serial=0xABC)


def because(written: bytes) -> str:
    """Why these bytes are no certificate for us."""
    with pytest.raises(NotTrusted) as refusal:
        Certificate.parse(written)
    assert refusal.value.code == "MRX-3012"
    return str(refusal.value.facts["because"])


# -- what is read ------------------------------------------------------------------------------


def test_a_certificate_says_who_and_until_when(found):
    parsed = Certificate.parse(found.public_bytes(PEM))

    assert parsed.subject == "CN=mx-neec"
    assert parsed.serial == 0xABC
    assert parsed.fingerprint == found.fingerprint(SHA256()).hex()
    assert parsed.not_before == NOW - timedelta(days=1)
    assert parsed.not_after == NOW + timedelta(days=365)
    assert parsed.not_before.tzinfo is not None


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(lambda found: found.public_bytes(DER), id="DER"),
        pytest.param(lambda found: found.public_bytes(PEM), id="PEM"),
        pytest.param(lambda found: b"subject=x\n\n" + found.public_bytes(PEM), id="text before"),
        pytest.param(lambda found: found.public_bytes(PEM) + b"\nthanks\n", id="text after"),
        pytest.param(
            lambda found: found.public_bytes(PEM).replace(b"\n", b"\r\n"), id="CRLF line ends"
        ),
    ],
)
def test_however_it_is_written_it_is_the_same_certificate(found, written):
    parsed = Certificate.parse(written(found))

    assert parsed == Certificate.parse(found.public_bytes(DER))
    assert parsed.pem == found.public_bytes(PEM).decode()
    assert len({parsed, Certificate.parse(parsed.pem.encode())}) == 1


def test_it_is_valid_from_its_first_second_to_its_last(found):
    parsed = Certificate.parse(found.public_bytes(PEM))
    second = timedelta(seconds=1)

    assert not parsed.valid_at(parsed.not_before - second)
    assert parsed.valid_at(parsed.not_before)
    assert parsed.valid_at(parsed.not_after)
    assert not parsed.valid_at(parsed.not_after + second)


def test_an_expired_certificate_can_be_read(p256):
    old = under(p256, start=NOW - timedelta(days=9), end=NOW - timedelta(days=8)).certificate

    assert not Certificate.parse(old.pem.encode()).valid_at(NOW)


def test_a_private_key_beside_the_certificate_is_not_kept(key_file):
    both = key_file.read_bytes() + key_file.with_suffix(".crt").read_bytes()

    assert "PRIVATE" not in Certificate.parse(both).pem


def test_a_certificate_shows_its_fingerprint_rather_than_its_armour(found):
    parsed = Certificate.parse(found.public_bytes(PEM))

    assert parsed.fingerprint in repr(parsed)
    assert "BEGIN" not in repr(parsed)


# -- what cannot be pinned ---------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "generate",
    [
        pytest.param(lambda: rsa.generate_private_key(65537, 2048), id="RSA-2048"),
        pytest.param(lambda: rsa.generate_private_key(65537, 3071), id="RSA one bit short"),
        pytest.param(lambda: ec.generate_private_key(ec.SECP384R1()), id="P-384"),
        pytest.param(lambda: ec.generate_private_key(ec.SECP256K1()), id="secp256k1"),
        pytest.param(ed25519.Ed25519PrivateKey.generate, id="Ed25519"),
        pytest.param(lambda: dsa.generate_private_key(2048), id="DSA"),
    ],
)
def test_another_key_is_refused(p256, generate: Callable[[], object]):
    weak = certificate(generate().public_key(), p256._private)

    assert because(weak.public_bytes(PEM)) == (
        "the key is neither RSA of at least 3072 bits nor P-256"
    )


@pytest.mark.parametrize(
    "usage",
    [
        pytest.param(None, id="no keyUsage"),
        pytest.param(
            {**DIGITAL_SIGNATURE, "digital_signature": False, "content_commitment": True},
            id="for commitments only",
        ),
        pytest.param(
            {**DIGITAL_SIGNATURE, "digital_signature": False, "key_cert_sign": True},
            id="for an authority only",
        ),
    ],
)
def test_a_certificate_not_for_signing_is_refused(p256, usage):
    other = under(p256, usage=usage).certificate

    assert because(other.pem.encode()) == "keyUsage does not say digitalSignature"


def test_two_certificates_are_refused_since_one_must_be_meant(found, rsa):
    both = found.public_bytes(PEM) + rsa.certificate.pem.encode()

    assert because(both) == "more than one certificate"
    assert because(found.public_bytes(PEM) * 2) == "more than one certificate"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: b"", id="nothing"),
        pytest.param(lambda _: b"hello", id="a text"),
        pytest.param(lambda der: der[:-1], id="cut"),
        pytest.param(lambda der: der + b"\0", id="with a byte after it"),
        pytest.param(lambda _: b"-----BEGIN CERTIFICATE-----\n", id="armour without end"),
        pytest.param(
            lambda _: b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            id="armour around zeros",
        ),
        pytest.param(lambda _: b"0\x82\xff\xff", id="a promise of 65535 bytes"),
    ],
)
def test_what_is_no_certificate_is_refused(found, damage):
    assert because(damage(found.public_bytes(DER))) == "neither PEM nor DER of a certificate"


def test_a_private_key_is_no_certificate(key_file):
    assert because(key_file.read_bytes()) == "neither PEM nor DER of a certificate"


def test_a_certificate_that_might_not_fit_around_a_content_is_refused(p256):
    long = under(p256, x509.SubjectAlternativeName([x509.DNSName("a" * 50)] * 150)).certificate
    assert len(long.der) > profile.CERTIFICATE_BYTES_MAX

    assert because(long.pem.encode()) == "more than 7168 bytes of DER"


def test_a_very_long_text_is_not_searched_for_a_certificate(found):
    assert because(b"\n" * 70_000 + found.public_bytes(PEM)) == "more than 65536 bytes"


def test_an_issuer_that_is_not_der_is_refused_since_no_signer_id_could_match(p256):
    """Its name has one part with two values, which a DER set has in the other order."""
    oids = x509.NameOID.ORGANIZATION_NAME, x509.NameOID.COMMON_NAME
    values = [x509.NameAttribute(oid, "mx-neec") for oid in oids]
    name = x509.Name([x509.RelativeDistinguishedName(values)])
    private = p256._private
    honest = (
        x509.CertificateBuilder(name, name, private.public_key(), 7)
        .not_valid_before(NOW)
        .not_valid_after(NOW)
        .add_extension(x509.KeyUsage(**DIGITAL_SIGNATURE), critical=True)
        .sign(private, SHA256())
        .public_bytes(DER)
    )
    parts = [element(SEQUENCE, encode(oid), b"\x0c\x07mx-neec") for oid in oids]
    in_order = element(SET, *sorted(parts))
    assert in_order in honest

    assert because(honest.replace(in_order, element(SET, *sorted(parts)[::-1]))) == (
        "neither PEM nor DER of a certificate"
    )


@pytest.mark.filterwarnings("ignore:Parsed a serial number which wasn't positive")
@pytest.mark.parametrize("serial", [b"\x02\x01\x00", b"\x02\x01\xff"], ids=["zero", "minus one"])
def test_a_serial_number_that_is_not_positive_is_refused(p256, serial):
    honest = under(p256, serial=7).certificate.der
    assert honest.count(b"\x02\x01\x07") == 1

    other = honest.replace(b"\x02\x01\x07", serial)

    assert because(other) == "the serial number is not positive"


@pytest.mark.filterwarnings("ignore:Parsed a serial number which wasn't positive")
def test_a_damaged_certificate_is_one_or_is_refused(found):
    """Damaged in any byte, in its armour or out of it: never another exception."""
    der = found.public_bytes(DER)

    for place, byte in enumerate(der):
        for bits in (0x01, 0x02, 0x20, 0x80, 0xFF):
            with contextlib.suppress(NotTrusted):
                Certificate.parse(der[:place] + bytes([byte ^ bits]) + der[place + 1 :])


@settings(max_examples=300, deadline=None)
@given(
    written=st.binary(max_size=300)
    | st.binary(max_size=300).map(lambda some: b"0\x82" + some)
    | st.binary(max_size=300).map(lambda some: b"-----BEGIN CERTIFICATE-----\n" + some)
)
def test_any_bytes_are_a_certificate_or_are_refused(written):
    assert because(written)
