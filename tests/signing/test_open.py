"""Opening: what is believed, what is refused, and with which code."""

from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from schemas.errors import NotTrusted
from signing import profile
from signing.certificate import Certificate
from signing.der import encode, encode_algorithm
from signing.keys import SigningKey
from signing.open import open_sealed, signer_of
from signing.seal import seal
from tests.flaws.catalogue import SEALED
from tests.flaws.sealed import Bench, Flaw
from tests.flaws.sealed_shape import SHAPE, TEXT, armoured, streamed
from tests.signing.ask import opened_by_openssl
from tests.signing.forge import (
    CONTENT,
    NOW,
    Draft,
    attribute,
    honest_attributes,
)

SECOND = timedelta(seconds=1)


def each(flaws: list[Flaw]) -> pytest.MarkDecorator:
    """Each flaw with each kind of key it is about."""
    cases = [
        pytest.param(
            flaw,
            kind,
            id=f"{flaw} ({kind})",
            marks=[pytest.mark.second_opinion] if flaw.asks else [],
        )
        for flaw in flaws
        for kind in flaw.kinds
    ]
    return pytest.mark.parametrize(("flaw", "kind"), cases)


@pytest.fixture
def bench(kind: str, key: SigningKey, key_file: Path, stranger: SigningKey) -> Bench:
    return Bench(
        key=key,
        key_file=key_file,
        stranger=stranger,
        stranger_file=key_file.with_name(f"stranger-{kind}.key"),
    )


def code_of(file: bytes, *trusted: Certificate, at: datetime = NOW, **limits: int) -> str:
    with pytest.raises(NotTrusted) as refusal:
        open_sealed(file, trusted, at, **limits)
    told = f"{refusal.value} {refusal.value.__cause__}"
    assert "Acme" not in told, "a refusal must not repeat what the file says"
    return refusal.value.code


# -- what is believed --------------------------------------------------------------------------


def test_an_honest_file_gives_what_was_sealed(key):
    file = seal(CONTENT, key, NOW)

    opened = open_sealed(file, [key.certificate], NOW + SECOND)

    assert opened.content == CONTENT
    assert opened.signer == key.certificate
    assert opened.digest == sha256(file).hexdigest()
    assert opened.claimed_at == NOW


def test_the_forge_is_honest_where_nothing_is_changed(rsa):
    assert Draft(key=rsa).file() == seal(CONTENT, rsa, NOW)


def test_what_opens_does_not_show_its_content(key):
    opened = open_sealed(seal(CONTENT, key, NOW), [key.certificate], NOW)

    assert "Acme" not in repr(opened)


def test_an_unknown_signed_attribute_is_ignored(key):
    attributes = honest_attributes(CONTENT, attribute(TEXT, encode("urgent")))

    opened = open_sealed(Draft(key=key, attributes=attributes).file(), [key.certificate], NOW)

    assert opened.content == CONTENT


def test_a_file_without_a_claimed_time_opens(key):
    attributes = [a for a in honest_attributes(CONTENT) if encode(profile.SIGNING_TIME) not in a]

    opened = open_sealed(
        Draft(key=key, attributes=tuple(attributes)).file(), [key.certificate], NOW
    )

    assert opened.claimed_at is None


@pytest.mark.parametrize("year", [1900, 1999, 2049, 2050, 2100])
def test_the_claimed_time_is_told_and_decides_nothing(key, year):
    claimed = NOW.replace(year=year)
    attributes = honest_attributes(CONTENT, now=claimed)

    opened = open_sealed(Draft(key=key, attributes=attributes).file(), [key.certificate], NOW)

    assert opened.claimed_at == claimed


@pytest.mark.parametrize("null", [True, False])
def test_the_digest_algorithm_may_have_null_parameters_or_none(key, null):
    named = encode_algorithm(profile.SHA256, null=null)

    file = Draft(key=key, digests=(named,), digest=named).file()

    assert open_sealed(file, [key.certificate], NOW).content == CONTENT


# -- what is refused ---------------------------------------------------------------------------


@each(SEALED)
def test_a_flawed_file_is_refused_with_the_code_of_its_flaw(flaw, bench):
    file = flaw.make(bench)

    assert code_of(file, bench.key.certificate) == flaw.code


@pytest.mark.second_opinion
@each([flaw for flaw in SEALED if flaw.verifies])
def test_openssl_verifies_what_is_refused_here(flaw, bench, tmp_path):
    file = flaw.make(bench)

    assert opened_by_openssl(file, bench.key, NOW, tmp_path) is not None


def test_every_code_of_opening_has_a_test():
    elsewhere = {"MRX-3001", "MRX-3006", "MRX-3007"}

    assert {flaw.code for flaw in SEALED} | elsewhere == {
        f"MRX-30{number:02}" for number in range(1, 12)
    }


@pytest.mark.second_opinion
@pytest.mark.parametrize(
    ("form", "named"), [(streamed, "BER, of indefinite length"), (armoured, "PEM")]
)
def test_a_refusal_names_the_form_that_came_instead(bench, form, named):
    with pytest.raises(NotTrusted, match=rf"\(part: {named}\); send DER"):
        open_sealed(form(bench), [bench.key.certificate], NOW)


def test_a_file_is_opened_up_to_the_limit_and_not_beyond(key):
    file = seal(CONTENT, key, NOW)

    assert open_sealed(file, [key.certificate], NOW, bytes_max=len(file)).content == CONTENT
    assert code_of(file, key.certificate, bytes_max=len(file) - 1) == "MRX-3001"


def test_a_file_over_the_standing_limit_is_refused(key):
    assert code_of(bytes(profile.FILE_BYTES_MAX + 1), key.certificate) == "MRX-3001"


# -- twins: what is not signed in a CMS file ---------------------------------------------------


def twin_signature(signature: bytes) -> bytes:
    r, s = decode_dss_signature(signature)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    return encode_dss_signature(r, order - s)


def test_a_p256_file_has_a_twin_with_the_same_content_and_another_digest(p256):
    signature = []
    file = Draft(
        key=p256, sign=lambda message: signature.append(p256.sign(message)) or signature[0]
    ).file()
    twin = Draft(key=p256, sign=lambda _: twin_signature(signature[0])).file()

    one, other = (open_sealed(each, [p256.certificate], NOW) for each in (file, twin))

    assert one.content == other.content
    assert one.digest != other.digest


@pytest.mark.second_opinion
def test_openssl_opens_the_twin_as_well(p256, tmp_path):
    twin = Draft(key=p256, sign=lambda message: twin_signature(p256.sign(message))).file()

    assert opened_by_openssl(twin, p256, NOW, tmp_path) == CONTENT


def test_an_rsa_file_has_a_twin_too_since_its_algorithm_has_two_names(rsa):
    file = seal(CONTENT, rsa, NOW)
    other_name = encode_algorithm(profile.RSA_ENCRYPTION, null=True)
    twin = Draft(key=rsa, algorithm=other_name).file()

    one, other = (open_sealed(each, [rsa.certificate], NOW) for each in (file, twin))

    assert one.content == other.content
    assert one.digest != other.digest


# -- who may have sealed it --------------------------------------------------------------------


def test_the_signer_of_a_file_is_found_before_anything_is_believed(key, stranger):
    forged = Draft(key=key, sign=stranger.sign).file()

    assert signer_of(forged) == key.certificate.fingerprint


@each(SHAPE)
def test_a_file_of_another_shape_has_no_signer(flaw, bench):
    with pytest.raises(NotTrusted) as refusal:
        signer_of(flaw.make(bench))

    assert refusal.value.code == flaw.code


def test_a_file_over_the_limit_has_no_signer(key):
    with pytest.raises(NotTrusted, match="MRX-3001"):
        signer_of(seal(CONTENT, key, NOW), bytes_max=100)


def test_a_naive_moment_is_our_own_mistake(key):
    with pytest.raises(TypeError):
        open_sealed(seal(CONTENT, key, NOW), [key.certificate], NOW.replace(tzinfo=None))
