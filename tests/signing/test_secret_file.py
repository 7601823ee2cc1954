"""Who may read a secret's file: its owner, and whom an access list names beside nobody else."""

import os
import struct
from pathlib import Path

import pytest

from schemas.errors import NotReady
from signing import secret_file

OWNER, USER, OWNERS_GROUP, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
NOBODY = 0xFFFFFFFF
ME, SOMEBODY = 1000, 1001


def listed(*entries: tuple[int, int, int]) -> bytes:
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *one) for one in entries)


# As systemd writes it for a service's user: root's file, that one user may read.
CREDENTIAL = [
    (OWNER, 4, NOBODY),
    (USER, 4, ME),
    (OWNERS_GROUP, 0, NOBODY),
    (MASK, 4, NOBODY),
    (OTHER, 0, NOBODY),
]


@pytest.mark.parametrize(
    ("changed", "ours"),
    [
        ({}, True),
        ({1: (USER, 4, SOMEBODY)}, False),
        ({1: (USER, 0, SOMEBODY)}, True),
        ({2: (OWNERS_GROUP, 4, NOBODY)}, False),
        ({2: (GROUP, 4, 7)}, False),
        ({4: (OTHER, 4, NOBODY)}, False),
    ],
    ids=["ours", "somebody's", "somebody barred", "the group's", "a group's", "everybody's"],
)
def test_an_access_list_may_name_us_and_nobody_else(changed, ours):
    entries = [changed.get(at, one) for at, one in enumerate(CREDENTIAL)]

    assert secret_file._only_us(listed(*entries), ME) is ours


@pytest.mark.parametrize("broken", [b"", b"\x03\0\0\0", listed(*CREDENTIAL)[:-1]])
def test_a_list_that_cannot_be_read_lets_nobody_in(broken):
    assert not secret_file._only_us(broken, ME)


def test_a_file_with_such_a_list_is_read(tmp_path: Path):
    file = tmp_path / "credential"
    file.touch(mode=0o400)
    entries = [(tag, may, os.geteuid() if tag == USER else whose) for tag, may, whose in CREDENTIAL]
    file.chmod(0o600)
    file.write_text("a secret\n")
    try:
        os.setxattr(file, secret_file._ACL, listed(*entries))
    except (OSError, AttributeError):
        pytest.skip("allowed: this file system keeps no access lists")

    assert file.stat().st_mode & 0o077 == 0o040, "what systemd's credentials look like"
    assert secret_file.lines(file, "the file") == (b"a secret",)

    os.setxattr(
        file, secret_file._ACL, listed(*entries[:2], (OWNERS_GROUP, 4, NOBODY), *entries[3:])
    )
    with pytest.raises(NotReady, match="open to group or others"):
        secret_file.lines(file, "the file")


def test_lines_are_taken_without_their_ends_and_empty_ones_not(tmp_path: Path):
    file = tmp_path / "secret"
    file.touch(mode=0o600)
    file.write_bytes(b" one \r\n\ntwo")

    assert secret_file.lines(file, "the file") == (b" one ", b"two")


def test_a_folder_is_no_secret(tmp_path: Path):
    tmp_path.chmod(0o700)

    with pytest.raises(NotReady, match="the file cannot be read"):
        secret_file.lines(tmp_path, "the file")


@pytest.mark.parametrize(
    "data",
    [b"\xef\xbb\xbfa secret\n", "a secret\n".encode("utf-16"), b"a secret\0\n"],
    ids=["byte order mark", "UTF-16", "NUL"],
)
def test_what_an_editor_adds_unseen_is_no_part_of_a_secret(tmp_path: Path, data: bytes):
    """Openssl would take another passphrase from it than we, and a token a wrong PIN."""
    file = tmp_path / "secret"
    file.touch(mode=0o600)
    file.write_bytes(data)

    with pytest.raises(NotReady, match="the file is not plain text"):
        secret_file.lines(file, "the file")


def test_a_pipe_that_nobody_writes_to_holds_nobody_up(tmp_path: Path):
    file = tmp_path / "pipe"
    os.mkfifo(file, mode=0o600)

    with pytest.raises(NotReady, match="the file cannot be read"):
        secret_file.lines(file, "the file")
