"""What is sealed here opens elsewhere, and what is sealed elsewhere opens here."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from schemas.errors import NotTrusted
from signing.certificate import Certificate
from signing.keys import SigningKey
from signing.open import open_sealed
from signing.seal import seal
from tests.signing.ask import opened_by_openssl, openssl, sealed_by_openssl
from tests.signing.forge import CONTENT, NOW, certificate, under

VECTORS = Path(__file__).parent / "vectors"


@pytest.fixture(params=["ko-kr.csv", "zh-hant-tw-1.csv", "latin-mx.csv"])
def names(request: pytest.FixtureRequest, shared: Path) -> bytes:
    """Real names, in other people's letters."""
    return (shared / "data" / "names" / request.param).read_bytes()


# -- here, then there --------------------------------------------------------------------------


@pytest.mark.second_opinion
def test_openssl_opens_what_is_sealed_here(key, names, tmp_path):
    assert opened_by_openssl(seal(names, key, NOW), key, NOW, tmp_path) == names


@pytest.mark.second_opinion
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"one\ntwo\r\nthree\rfour", id="every line end"),
        pytest.param(bytes(range(256)) * 300, id="every byte"),
    ],
)
def test_openssl_gives_back_the_very_bytes(key, content, tmp_path):
    assert opened_by_openssl(seal(content, key, NOW), key, NOW, tmp_path) == content


@pytest.mark.second_opinion
def test_openssl_reads_the_moment_of_sealing(key):
    shown = openssl("cms -cmsout -print -noout -inform DER", data=seal(b"", key, NOW))

    assert re.search(rb"signingTime.*\n.*\n *UTCTIME:Nov 20 12:00:00 2026 GMT", shown)


@pytest.mark.second_opinion
def test_openssl_trusts_neither_another_certificate_nor_an_expired_one(key, stranger, tmp_path):
    file = seal(CONTENT, key, NOW)
    late = key.certificate.not_after + timedelta(seconds=1)

    assert opened_by_openssl(file, stranger, NOW, tmp_path) is None
    assert opened_by_openssl(file, key, late, tmp_path) is None


# -- there, then here --------------------------------------------------------------------------


@pytest.mark.second_opinion
def test_what_openssl_cms_seals_opens_here(key, key_file, names):
    file = sealed_by_openssl(names, key_file)

    opened = open_sealed(file, [key.certificate], NOW)

    assert opened.content == names
    assert opened.claimed_at is not None


@pytest.mark.second_opinion
def test_cades_opens_here(key, key_file):
    file = sealed_by_openssl(CONTENT, key_file, "-cades")

    assert open_sealed(file, [key.certificate], NOW).content == CONTENT


@pytest.mark.second_opinion
@pytest.mark.parametrize("program", ["cms", "smime"])
def test_smime_capabilities_do_not_disturb(key, key_file, program):
    sign = (
        f"{program} -sign -nodetach -binary -md sha256 -signer {{crt}} -inkey {{key}} -outform DER"
    )

    file = openssl(sign, data=CONTENT, key=key_file, crt=key_file.with_suffix(".crt"))

    assert open_sealed(file, [key.certificate], NOW).content == CONTENT


@pytest.mark.second_opinion
def test_without_binary_openssl_signs_other_line_ends_and_those_are_what_opens(key, key_file):
    sign = "cms -sign -nodetach -md sha256 -signer {crt} -inkey {key} -outform DER"
    crt = key_file.with_suffix(".crt")

    file = openssl(sign, data=b"one\ntwo\n", key=key_file, crt=crt)

    assert open_sealed(file, [key.certificate], NOW).content == b"one\r\ntwo\r\n"


@pytest.mark.second_opinion
def test_the_repair_for_ber_that_the_refusal_names_works(key, key_file):
    ber = sealed_by_openssl(CONTENT, key_file, "-stream")
    with pytest.raises(NotTrusted, match="`openssl cms -cmsout -outform DER` repairs BER"):
        open_sealed(ber, [key.certificate], NOW)

    der = openssl("cms -cmsout -inform DER -outform DER", data=ber)

    assert open_sealed(der, [key.certificate], NOW).content == CONTENT


@pytest.mark.second_opinion
def test_a_certificate_of_openssls_own_making_can_be_pinned(key, key_file, tmp_path):
    crt = tmp_path / "own.crt"
    request = "req -new -x509 -utf8 -key {key} -subj /C=KR/O=관세청/CN=kr-aeo -days 3650 -out {crt}"
    openssl(request, "-addext", "keyUsage=critical,digitalSignature", key=key_file, crt=crt)
    pinned = Certificate.parse(crt.read_bytes())

    file = sealed_by_openssl(CONTENT, key_file, crt=crt)

    at = pinned.not_before  # openssl has no other clock than the machine's
    assert open_sealed(file, [pinned], at).content == CONTENT
    assert pinned.subject == "CN=kr-aeo,O=관세청,C=KR"


@pytest.mark.second_opinion
def test_a_certificate_of_an_authority_works_both_ways(key, key_file, stranger, tmp_path):
    issued = certificate(
        key._private.public_key(), stranger._private, subject="mx-neec", issuer="an authority"
    )
    pinned = Certificate._of(issued)
    crt = tmp_path / "issued.crt"
    crt.write_text(pinned.pem)

    ours = seal(CONTENT, SigningKey(pinned, key._private), NOW)
    theirs = sealed_by_openssl(CONTENT, key_file, crt=crt)

    assert opened_by_openssl(ours, SigningKey(pinned, key._private), NOW, tmp_path) == CONTENT
    assert open_sealed(theirs, [pinned], NOW).content == CONTENT


@pytest.mark.second_opinion
def test_a_signer_named_by_key_id_verifies_there_and_is_refused_here(key, key_file, tmp_path):
    identified = under(
        key, x509.SubjectKeyIdentifier.from_public_key(key._private.public_key()), subject="ski"
    )
    crt = tmp_path / "ski.crt"
    crt.write_text(identified.certificate.pem)

    file = sealed_by_openssl(CONTENT, key_file, "-keyid", crt=crt)

    assert opened_by_openssl(file, identified, NOW, tmp_path) == CONTENT
    with pytest.raises(NotTrusted, match="MRX-3002"):
        open_sealed(file, [identified.certificate], NOW)


# -- files that were sealed once, by three programs: vectors/README.md ---------------------------


@pytest.mark.parametrize("program", ["mrx", "openssl", "bouncycastle"])
def test_a_file_of_another_day_and_program_still_opens(kind, program):
    pinned = Certificate.parse((VECTORS / f"{kind}.crt").read_bytes())
    file = (VECTORS / f"{program}-{kind}.cms").read_bytes()

    opened = open_sealed(file, [pinned], pinned.not_before)

    assert opened.content == (VECTORS / "content").read_bytes()


def test_the_ber_of_bouncy_castle_is_refused_as_such(kind):
    pinned = Certificate.parse((VECTORS / f"{kind}.crt").read_bytes())
    file = (VECTORS / f"bouncycastle-{kind}.ber").read_bytes()

    with pytest.raises(NotTrusted, match=r"MRX-3002 .*BER, of indefinite length"):
        open_sealed(file, [pinned], pinned.not_before)
