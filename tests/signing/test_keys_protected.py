"""Key files under a passphrase: opened with it alone, changed without a moment at risk."""

import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
)

from schemas.errors import NotReady
from signing import encrypted, key_file, keys
from signing.keeping import PLAIN, Keeping
from signing.open import open_sealed
from signing.seal import seal
from tests.signing.ask import openssl
from tests.signing.forge import CONTENT, NOW
from tests.signing.killing import killed_at

OLD = "an old passphrase of the tests"
NEW = "a new passphrase of the tests"


@pytest.fixture(autouse=True)
def _fewer_rounds(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest):
    """As many as we write take a tenth of a second each; one test counts them."""
    if "rounds" not in request.node.name:
        monkeypatch.setattr(encrypted, "ROUNDS", 1_000)


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    file = tmp_path / "passphrase"
    file.touch(mode=0o600)
    file.write_text(f"{OLD}\n")
    return Keeping(passphrase_file=file)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    folder.mkdir()
    return folder / "home.key"


def say(keeping: Keeping, *lines: str) -> None:
    assert keeping.passphrase_file is not None
    keeping.passphrase_file.write_text("".join(f"{line}\n" for line in lines))


def refusal(path: Path, keeping: Keeping) -> str:
    with pytest.raises(NotReady) as refused:
        keys.load(path, keeping)
    assert refused.value.code == "MRX-9004"
    told = f"{refused.value!r} {refused.value} {refused.value.__cause__!r}"
    assert not any(word in told for word in (OLD, NEW, "PRIVATE"))
    return str(refused.value.facts["because"])


@pytest.mark.parametrize("kind", ["rsa", "p256"])
def test_a_new_key_is_written_under_the_passphrase_and_signs(path, keeping, kind):
    made = keys.create(path, "us-ctpat", NOW, kind=kind, keeping=keeping)

    assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert key_file.kept(path) == "encrypted"
    key = keys.load(path, keeping)
    assert key.certificate == made.certificate
    assert open_sealed(seal(CONTENT, key, NOW), [key.certificate], NOW).content == CONTENT


@pytest.mark.second_opinion
def test_openssl_opens_the_file_and_counts_the_rounds_and_the_cipher(path, keeping):
    key = keys.create(path, "us-ctpat", NOW, kind="p256", keeping=keeping)

    public = openssl(
        "pkey -in {key} -passin {by} -pubout", key=path, by=f"file:{keeping.passphrase_file}"
    )
    shown = openssl("asn1parse -in {key}", key=path)

    assert public == key.certificate.key.public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    for said in (
        b"PBES2",
        b"PBKDF2",
        b"hmacWithSHA256",
        b"aes-256-cbc",
        b"INTEGER           :0927C0",
    ):
        assert said in shown
    with pytest.raises(subprocess.CalledProcessError):
        openssl("pkey -in {key} -passin pass:wrong -noout", key=path)


def test_two_files_under_one_passphrase_have_nothing_in_common(path, keeping):
    private = ec.generate_private_key(ec.SECP256R1())

    first, second = (encrypted.pem(private, OLD.encode()) for _ in range(2))

    same = [a == b for a, b in zip(first.split(b"\n"), second.split(b"\n"), strict=True)]
    assert same == [True, *[False] * (len(same) - 3), True, True]


def test_a_file_that_openssl_or_the_library_encrypted_opens_too(path, keeping):
    private = ec.generate_private_key(ec.SECP256R1())
    form = Encoding.PEM, PrivateFormat.PKCS8
    path.touch(mode=0o600)
    path.write_bytes(private.private_bytes(*form, BestAvailableEncryption(OLD.encode())))

    made = keys.create(path, "us-ctpat", NOW, keeping=keeping)

    assert made.certificate.key == private.public_key()


def test_words_before_the_key_as_openssl_writes_them_hide_nothing(path, keeping):
    keys.create(path, "us-ctpat", NOW, kind="p256", keeping=keeping)
    path.write_bytes(b"Bag Attributes\n    friendlyName: home\n" + path.read_bytes())

    assert key_file.kept(path) == "encrypted"
    assert keys.load(path, keeping)


def test_what_is_kept_of_an_opened_file_is_neither_the_file_nor_the_passphrase(path, keeping):
    keys.create(path, "us-ctpat", NOW, kind="p256", keeping=keeping)
    first = keys.load(path, keeping)

    assert keys.load(path, keeping)._private is first._private, "the rounds are not done again"
    assert not any(OLD.encode() in by or b"PRIVATE" in by for by in key_file._known)


@pytest.mark.parametrize(
    ("spoil", "because"),
    [
        (lambda file: file.write_text(NEW), "the passphrase does not open it"),
        (lambda file: file.unlink(), "the passphrase file is missing"),
        (lambda file: file.chmod(0o640), "the passphrase file is open to group or others"),
        (lambda file: file.chmod(0o604), "the passphrase file is open to group or others"),
        (lambda file: file.write_text("\n\n"), "the passphrase file is empty"),
        (lambda file: file.write_text("short"), "the passphrase has fewer than 16 characters"),
        (lambda file: file.write_text("x" * 2_000), "the passphrase file is too long"),
    ],
)
def test_what_is_wrong_with_the_passphrase_is_said_and_nothing_of_it(
    path, keeping, spoil: Callable[[Path], object], because: str
):
    keys.create(path, "us-ctpat", NOW, kind="p256", keeping=keeping)

    spoil(keeping.passphrase_file)

    assert refusal(path, keeping) == because


def test_an_encrypted_key_without_any_passphrase_is_refused(path, keeping):
    keys.create(path, "us-ctpat", NOW, kind="p256", keeping=keeping)

    assert refusal(path, PLAIN) == "it is encrypted, and no passphrase is set"


def test_an_encrypted_key_that_others_may_read_is_refused(path, keeping):
    keys.create(path, "us-ctpat", NOW, kind="p256", keeping=keeping)
    path.chmod(0o640)

    assert refusal(path, keeping) == "it is open to group or others"


# -- protecting what is there ------------------------------------------------------------------


def test_a_plain_key_is_encrypted_and_stays_the_same_key(path, keeping):
    before = keys.create(path, "us-ctpat", NOW, kind="p256")
    certificate = path.with_suffix(".crt").read_bytes()

    assert keys.load(path, keeping).certificate == before.certificate, "also before it is protected"
    assert keys.protect(path, keeping)

    assert key_file.kept(path) == "encrypted"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.with_suffix(".crt").read_bytes() == certificate
    assert keys.load(path, keeping).certificate == before.certificate
    assert not keys.protect(path, keeping), "again changes nothing"
    assert {file.name for file in path.parent.iterdir()} == {"home.key", "home.crt"}


def test_a_passphrase_is_changed_with_both_in_the_file_and_no_moment_without_a_key(path, keeping):
    before = keys.create(path, "us-ctpat", NOW, kind="p256", keeping=keeping)

    say(keeping, NEW, OLD)
    assert keys.load(path, keeping).certificate == before.certificate
    assert keys.protect(path, keeping)
    say(keeping, NEW)

    assert keys.load(path, keeping).certificate == before.certificate
    say(keeping, OLD)
    assert refusal(path, keeping) == "the passphrase does not open it"


def test_a_key_that_cannot_be_opened_is_left_as_it_is(path, keeping):
    keys.create(path, "us-ctpat", NOW, kind="p256", keeping=keeping)
    before = path.read_bytes()
    say(keeping, NEW)

    with pytest.raises(NotReady, match="the passphrase does not open it"):
        keys.protect(path, keeping)

    assert path.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("step", ["open", "fsync", "replace", "unlink", "close"])
def test_killed_before_any_step_of_protecting_the_key_signs_and_the_next_call_finishes(
    tmp_path, keeping, step
):
    original = tmp_path / "original.key"
    before = keys.create(original, "us-ctpat", NOW, kind="p256").certificate
    kills = 0
    for count in range(1, 30):
        path = tmp_path / f"{count}" / "home.key"
        path.parent.mkdir()
        path.touch(mode=0o600)
        path.write_bytes(original.read_bytes())
        path.with_suffix(".crt").write_bytes(original.with_suffix(".crt").read_bytes())
        if not killed_at(step, count, lambda path=path: keys.protect(path, keeping)):
            break
        kills += 1

        assert keys.load(path, keeping).certificate == before
        keys.protect(path, keeping)
        assert key_file.kept(path) == "encrypted"
        assert keys.load(path, keeping).certificate == before
        assert {file.name for file in path.parent.iterdir()} == {"home.key", "home.crt"}
    else:
        raise AssertionError("more steps than there can be")
    assert kills or step == "unlink"


def test_activating_goes_on_under_a_passphrase_that_is_being_changed(path, keeping):
    """The old key under the old one, the next key under the new one."""
    following = path.with_name("next.key")
    keys.create(path, "us-ctpat", NOW, kind="p256", keeping=keeping)
    say(keeping, NEW, OLD)
    new = keys.create(following, "us-ctpat", NOW, kind="p256", keeping=keeping)

    assert keys.activate(path, following, keeping).certificate == new.certificate
    assert len(list(path.parent.glob("retired-*.key"))) == 1


# -- showing -----------------------------------------------------------------------------------


def test_how_keys_are_kept_names_files_and_holds_no_secret(path, keeping):
    keys.create(path, "us-ctpat", NOW, kind="p256", keeping=keeping)
    keys.load(path, keeping)

    assert OLD not in repr(keeping)
    assert OLD.encode() not in pickle.dumps(keeping)
