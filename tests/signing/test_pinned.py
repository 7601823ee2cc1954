"""Whom we trust: the pinned certificates of one partner, at the moment of receipt."""

from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from schemas.errors import NotTrusted
from signing.certificate import Certificate
from signing.keys import SigningKey
from signing.open import open_sealed
from signing.seal import seal
from tests.signing.forge import CONTENT, DIGITAL_SIGNATURE, NOW, Draft, certificate, under

SECOND = timedelta(seconds=1)


def code_of(file: bytes, *trusted: Certificate, at: datetime = NOW) -> str:
    with pytest.raises(NotTrusted) as refusal:
        open_sealed(file, trusted, at)
    return refusal.value.code


def test_nobody_pinned_is_no_trust(key):
    assert code_of(seal(CONTENT, key, NOW)) == "MRX-3004"


def test_the_right_certificate_pinned_for_somebody_else_does_not_help(key, stranger):
    assert code_of(seal(CONTENT, key, NOW), stranger.certificate) == "MRX-3004"


def test_during_an_overlap_each_file_is_opened_by_its_own_certificate(key):
    old = under(key, serial=1, end=NOW + timedelta(days=30))
    new = under(key, serial=2, start=NOW - timedelta(days=2))

    for pinned in ([old.certificate, new.certificate], [new.certificate, old.certificate]):
        assert open_sealed(seal(CONTENT, old, NOW), pinned, NOW).signer == old.certificate
        assert open_sealed(seal(CONTENT, new, NOW), pinned, NOW).signer == new.certificate


def test_the_valid_certificate_does_not_vouch_for_the_expired_one(key):
    old = under(key, serial=1, end=NOW)
    new = under(key, serial=2)
    file = seal(CONTENT, old, NOW)

    assert code_of(file, old.certificate, new.certificate, at=NOW + SECOND) == "MRX-3006"


def test_a_certificate_no_longer_pinned_opens_nothing(key):
    old, new = under(key, serial=1), under(key, serial=2)

    assert code_of(seal(CONTENT, old, NOW), new.certificate) == "MRX-3004"


def test_a_certificate_issued_by_an_authority_is_pinned_like_any_other(key, stranger):
    issued = Certificate._of(
        certificate(
            key._private.public_key(), stranger._private, subject="mx-neec", issuer="an authority"
        )
    )
    theirs = SigningKey(issued, key._private)

    opened = open_sealed(seal(CONTENT, theirs, NOW), [issued], NOW)

    assert opened.content == CONTENT


@pytest.mark.parametrize(
    ("edge", "off", "opens"),
    [
        pytest.param("not_before", -SECOND, False, id="a second early"),
        pytest.param("not_before", timedelta(0), True, id="on its first second"),
        pytest.param("not_after", timedelta(0), True, id="on its last second"),
        pytest.param("not_after", SECOND, False, id="a second late"),
    ],
)
def test_a_certificate_is_valid_from_its_first_second_to_its_last(key, edge, off, opens):
    file = seal(CONTENT, key, NOW)
    at = getattr(key.certificate, edge) + off

    if opens:
        assert open_sealed(file, [key.certificate], at).content == CONTENT
    else:
        assert code_of(file, key.certificate, at=at) == "MRX-3006"


@pytest.mark.parametrize(
    "usage",
    [
        pytest.param(None, id="no keyUsage"),
        pytest.param(
            {**DIGITAL_SIGNATURE, "digital_signature": False, "key_agreement": True},
            id="for key agreement only",
        ),
        pytest.param(
            {**DIGITAL_SIGNATURE, "digital_signature": False, "key_cert_sign": True},
            id="for an authority only",
        ),
    ],
)
def test_a_pinned_certificate_that_is_not_for_signing_opens_nothing(key, usage):
    theirs = under(key, usage=usage)

    assert code_of(Draft(key=theirs).file(), theirs.certificate) == "MRX-3007"


@pytest.mark.parametrize(
    "private",
    [
        pytest.param(lambda: rsa.generate_private_key(65537, 2048), id="RSA-2048"),
        pytest.param(lambda: ec.generate_private_key(ec.SECP384R1()), id="P-384"),
        pytest.param(lambda: ec.generate_private_key(ec.SECP256K1()), id="secp256k1"),
    ],
)
def test_a_pinned_certificate_with_another_key_opens_nothing(p256, private):
    weak = private()
    pinned = Certificate._of(certificate(weak.public_key(), weak))
    draft = Draft(key=SigningKey(pinned, p256._private))

    assert code_of(draft.file(), pinned) == "MRX-3008"
