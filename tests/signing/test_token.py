"""Keys in a PKCS#11 token (SoftHSM2): they sign like keys in files, and never come out."""

import pickle
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pkcs11 import Attribute, ObjectClass, Session

from schemas.errors import NotReady
from signing import key_file, keys
from signing.open import open_sealed
from signing.seal import seal
from tests.signing.ask import opened_by_openssl
from tests.signing.forge import CONTENT, NOW
from tests.signing.requests import believed, made
from tests.signing.token_keys import KINDS, key_of, written
from tests.softhsm import SoftToken

pytestmark = pytest.mark.processes  # softhsm2-util; the token itself is a library


@KINDS
def test_a_key_in_a_token_seals_what_opens_here(soft: SoftToken, token_home: Path, kind: str):
    key = key_of(soft, token_home, kind)

    assert open_sealed(seal(CONTENT, key, NOW), [key.certificate], NOW).content == CONTENT


@pytest.mark.second_opinion
@KINDS
def test_openssl_opens_what_a_key_in_a_token_seals(
    soft: SoftToken, token_home: Path, kind: str, tmp_path: Path
):
    key = key_of(soft, token_home, kind)

    assert opened_by_openssl(seal(CONTENT, key, NOW), key, NOW, tmp_path) == CONTENT


@KINDS
def test_a_key_in_a_token_signs_requests(soft: SoftToken, token_home: Path, kind: str):
    key = key_of(soft, token_home, kind)

    assert believed(key, made(key, nonce="n" * 22)) == "n" * 22


def test_every_signature_of_p256_is_good_also_those_with_short_numbers(
    soft: SoftToken, token_home: Path
):
    """One in 128 has an r or s that begins with a zero byte."""
    key = key_of(soft, token_home, "p256")

    for at in range(400):
        message = b"%d" % at
        assert key.certificate.verifies(key.sign(message), message)


@KINDS
def test_what_lies_in_the_home_folder_is_a_line_that_names_the_key(token_home: Path, kind: str):
    file = token_home / f"{kind}.key"

    assert file.read_bytes().startswith(b"pkcs11:token=mrx;id=%")
    assert file.stat().st_mode & 0o777 == 0o600
    assert key_file.kept(file) == "token"


def test_the_token_never_gives_the_keys_out_and_shows_whose_they_are(
    soft: SoftToken, token_home: Path
):
    listed = soft.tool("--list-objects", "--type", "privkey").split("Private Key Object")

    for kind in ("rsa", "p256"):
        name = f"mrx {key_of(soft, token_home, kind).certificate.fingerprint}"
        [said] = [one for one in listed if name in one]
        assert "sensitive, always sensitive, never extractable, local" in said


@KINDS
def test_nothing_here_can_take_the_key_out(soft: SoftToken, token_home: Path, kind: str):
    private = key_of(soft, token_home, kind)._private

    for out in (
        private.private_numbers,
        lambda: private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    ):
        with pytest.raises(NotReady, match="the token does not give it out"):
            out()
    with pytest.raises(TypeError):
        pickle.dumps(private)
    assert repr(private) == "<a key in the token mrx>"


def test_making_a_key_that_was_half_made_goes_on_with_that_key(soft: SoftToken, tmp_path: Path):
    kind, keeping = "p256", soft.keeping(tmp_path)
    path = tmp_path / f"{kind}.key"
    soft.remove()
    with pytest.raises(NotReady, match="MRX-9004"):
        keys.create(path, "us-ctpat", NOW, kind=kind, keeping=keeping)
    line = path.read_bytes()
    soft.put_back()

    first = keys.create(path, "us-ctpat", NOW, kind=kind, keeping=keeping)
    path.with_suffix(".crt").unlink()  # as if killed before it
    again = keys.create(path, "us-ctpat", NOW, kind=kind, keeping=keeping)

    assert path.read_bytes() == line
    assert again.certificate.key == first.certificate.key


def test_a_key_that_others_made_in_the_token_is_named_by_its_label(soft: SoftToken, tmp_path: Path):
    soft.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", "ceremony", "--usage-sign")
    path = written(tmp_path / "next.key", "pkcs11:object=ceremony\n")

    key = keys.create(path, "us-ctpat", NOW, keeping=soft.keeping(tmp_path))

    assert open_sealed(seal(CONTENT, key, NOW), [key.certificate], NOW).content == CONTENT
    assert "ceremony" in soft.tool("--list-objects", "--type", "privkey")


@pytest.mark.parametrize("line", ["object=both;id=%0b", "id=%0b;object=both;type=private"])
def test_a_key_named_by_its_label_and_its_id_keeps_both(soft: SoftToken, tmp_path: Path, line: str):
    """As OpenSC's own tool names it: a new label would leave the line without a key."""
    if "label:      both" not in soft.tool("--list-objects", "--type", "privkey"):
        words = ("--key-type", "EC:prime256v1", "--label", "both", "--id", "0b")
        soft.tool("--keypairgen", *words, "--usage-sign")
    path = written(tmp_path / "next.key", f"pkcs11:{line}")
    keeping = soft.keeping(tmp_path)

    key = keys.create(path, "us-ctpat", NOW, keeping=keeping)

    assert keys.load(path, keeping).certificate == key.certificate


def test_no_key_is_made_for_a_label_that_somebody_else_should_have_made(
    soft: SoftToken, tmp_path: Path
):
    path = written(tmp_path / "next.key", "pkcs11:object=nowhere;id=%0c")

    with pytest.raises(NotReady, match="the token has no such key"):
        keys.create(path, "us-ctpat", NOW, keeping=soft.keeping(tmp_path))

    assert "ID:         0c" not in soft.tool("--list-objects", "--type", "privkey")


def test_halves_of_two_pairs_under_one_label_get_no_certificate(soft: SoftToken, tmp_path: Path):
    """It would name a key that we have not, and stand in the way of the right one."""
    for number in ("0d", "0e"):
        words = ("--key-type", "EC:prime256v1", "--label", f"pair-{number}", "--id", number)
        soft.tool("--keypairgen", *words, "--usage-sign")
    keeping = soft.keeping(tmp_path)
    assert keeping.token is not None

    def mix(session: Session) -> None:
        for of, label in (
            (ObjectClass.PRIVATE_KEY, "pair-0d"),
            (ObjectClass.PUBLIC_KEY, "pair-0e"),
        ):
            asked = {Attribute.CLASS: of, Attribute.LABEL: label}
            for one in list(session.get_objects(asked)):
                one[Attribute.LABEL] = "mixed"

    keeping.token.use(mix, write=True)
    path = written(tmp_path / "next.key", "pkcs11:object=mixed")

    with pytest.raises(NotReady, match="what it signs does not verify"):
        keys.create(path, "us-ctpat", NOW, keeping=keeping)

    assert not path.with_suffix(".crt").exists()


def test_a_key_that_the_token_would_give_out_gets_no_certificate(soft: SoftToken, tmp_path: Path):
    words = ("--key-type", "EC:prime256v1", "--label", "loose", "--extractable")
    soft.tool("--keypairgen", *words, "--usage-sign")
    path = written(tmp_path / "next.key", "pkcs11:object=loose")

    with pytest.raises(NotReady, match="would give it out"):
        keys.create(path, "us-ctpat", NOW, keeping=soft.keeping(tmp_path))

    assert not path.with_suffix(".crt").exists()


def test_from_a_file_to_a_token_by_a_change_of_keys(soft: SoftToken, tmp_path: Path):
    here, following = tmp_path / "signing.key", tmp_path / "next.key"
    old = keys.create(here, "us-ctpat", NOW, kind="p256")
    keeping = soft.keeping(tmp_path)
    new = keys.create(following, "us-ctpat", NOW, kind="p256", keeping=keeping)

    active = keys.activate(here, following, keeping)

    assert active.certificate == new.certificate
    assert key_file.kept(here) == "token"
    retired = tmp_path / f"retired-{old.certificate.fingerprint}.key"
    assert keys.load(retired, keeping).certificate == old.certificate
    assert keys.current(here, following, keeping).certificate == new.certificate
