"""The whole demo, small: real processes, from empty folders to the closing table.

Whether anything outlives a demo is asked of the kernel: every process of a demo has an MRX_HOME
inside the demo's folder.
"""

import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.demo import audit, companies, foreign, table
from gateway.home import open_home
from gateway.identity import signing_in, tries
from gateway.settings import Settings
from schemas.tables import revocations

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="allowed: no /proc here"),
]
ROOT = Path(__file__).resolve().parents[3]
COMPANIES = 200
SECONDS = 120


def command(once, **size):
    call = f"play(once={once}, **{size})"
    return [
        sys.executable,
        "-c",
        f"import sys; from gateway.demo.play import play; sys.exit({call})",
    ]


def environment(home):
    return {**os.environ, "MRX_HOME": str(home), "NO_COLOR": "1"}


def children(home):
    """The processes whose MRX_HOME lies inside this folder."""
    mark = f"MRX_HOME={home}/".encode()
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:  # it has ended meanwhile, or is another user's
            continue
    return found


def wait(claim, seconds=SECONDS):
    until = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def house(folder, code):
    return open_home(Settings(home=folder / code))


# -- to its end ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A demo of 200 companies that has ended: what it said, and its home."""
    home = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        command(True, companies=COMPANIES),
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return done, home


@pytest.fixture(scope="module")
def folder(played):
    _, home = played
    (only,) = home.iterdir()
    return only


@pytest.fixture(scope="module")
def lines(folder):
    us = house(folder, "us-ctpat")
    with us.database.read() as tx:
        found = {line.partner: line for line in table.read(tx)}
    us.database.close()
    return found


@pytest.fixture(scope="module")
def wanted():
    """What each partner should hold before anything is taken back."""
    members = companies.companies(COMPANIES)
    grants = companies.grants(members, companies.TEXTS, share=companies.CONSENT_SHARE)
    return {
        code: audit.due(members, grants, home="us-ctpat", partner=code, document=code)
        for code in companies.TEXTS
    }


def test_it_ends_with_0_and_says_that_all_is_well(played):
    done, _ = played
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every consented member that can be said is held, nobody else is" in done.stdout


def test_no_process_is_left_over(played):
    _, home = played
    assert children(home) == []


def test_its_folder_is_for_its_owner_alone(folder):
    assert folder.name.startswith("demo-")
    assert folder.stat().st_mode & 0o777 == 0o700


def test_each_partner_was_told_exactly_the_consented_and_sayable(lines, wanted):
    told = {code: (line.announced, dict(line.blocked)) for code, line in lines.items()}
    due = {code: (one.said.total(), dict(one.blocked)) for code, one in wanted.items()}
    assert told == due
    assert set(lines["kr-aeo"].blocked) >= {"MRX-2101"}, "the demo shows why something is blocked"


def test_one_company_was_withdrawn_from_one_partner_and_that_is_confirmed(folder, lines):
    assert sorted(line.withdrawn for line in lines.values()) == [0, 0, 0, 0, 1]
    assert all(line.held == line.announced - line.withdrawn for line in lines.values())
    us = house(folder, "us-ctpat")
    with us.database.read() as tx:
        (taken,) = tx.execute(select(revocations)).all()
    us.database.close()
    assert taken.answer == "deletion confirmed"


def test_every_batch_has_its_receipt(lines):
    assert all(line.batches >= 2 for line in lines.values())
    assert all(line.receipts == line.batches for line in lines.values())


def test_each_partner_told_us_of_its_own_consented_members(lines):
    due = {
        code: len(
            companies.grants(
                foreign.members(code),
                {"us-ctpat": f"{code}-profile-1"},
                share=foreign.CONSENT_SHARE,
                officers=foreign.CASTS[code].officers,
            )
        )
        for code in lines
    }
    assert {code: line.received for code, line in lines.items()} == due


def test_the_sandbox_holds_what_the_table_says(folder, lines):
    korea = house(folder, "kr-aeo")
    held = audit.held(korea, "us-ctpat")
    korea.database.close()
    assert held.total() == lines["kr-aeo"].held


def test_the_table_shows_the_numbers_of_each_partner(played, lines):
    done, _ = played
    for line in lines.values():
        (row,) = [row for row in done.stdout.splitlines() if row.startswith(f"{line.partner} ")]
        before, after = row.split()[:4], row.split()[-4:]
        assert before == [line.partner, *map(str, (line.announced, line.withdrawn, line.refused))]
        assert after[:3] == [str(n) for n in (line.batches, line.receipts, line.received)]
        assert all(f"{code} {count}" in done.stdout for code, count in line.blocked.items())


def test_it_names_one_invented_company_and_no_other(played):
    done, _ = played
    said = [m for m in companies.companies(COMPANIES) if m.name in done.stdout + done.stderr]
    assert len(said) == 1


def test_without_a_terminal_progress_is_plain_lines_on_stderr(played):
    done, _ = played
    assert "exchange: kr-aeo" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


# -- ended from outside ----------------------------------------------------------------------------


def start(home, **size):
    """A demo that keeps serving; what it says goes to a file."""
    with (home / "said").open("wb") as sink:
        return subprocess.Popen(
            command(False, companies=30, **size),
            cwd=ROOT,
            env=environment(home),
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def said(home):
    return (home / "said").read_text("utf-8")


def serving(home, demo):
    """Wait until a demo with one partner keeps serving."""
    wait(lambda: "keep serving" in said(home) or demo.poll() is not None)
    assert len(children(home)) == 2, said(home)


def test_killed_while_it_starts_it_leaves_no_process(tmp_path):
    demo = start(tmp_path)
    wait(lambda: len(children(tmp_path)) >= 3)
    demo.kill()
    assert demo.wait(10) == -signal.SIGKILL
    wait(lambda: not children(tmp_path), seconds=20)


def test_killed_while_it_serves_it_leaves_no_process(tmp_path):
    demo = start(tmp_path, partners=["kr-aeo"])
    serving(tmp_path, demo)
    demo.kill()
    assert demo.wait(10) == -signal.SIGKILL
    wait(lambda: not children(tmp_path), seconds=20)


def test_ctrl_c_while_it_serves_stops_every_process_and_ends_with_0(tmp_path):
    demo = start(tmp_path, partners=["kr-aeo"])
    serving(tmp_path, demo)
    wait(lambda: "/health/ready\n" in said(tmp_path).rpartition("curl ")[2])  # its last line
    demo.send_signal(signal.SIGINT)
    assert demo.wait(30) == 0
    assert children(tmp_path) == []
    password = re.search("one-time password (\\S+)", said(tmp_path))
    (home,) = tmp_path.glob("demo-*/us-ctpat")
    house = open_home(Settings(home=home))
    try:
        there, now = tries.address("192.0.2.10"), datetime.now(UTC)
        assert signing_in.by_password(house, "admin", password[1], source=there, now=now)
    finally:
        house.database.close()


def test_told_to_stop_before_the_end_it_stops_every_process_and_says_so(tmp_path):
    demo = start(tmp_path, partners=["kr-aeo"])
    wait(lambda: len(children(tmp_path)) == 2)
    demo.send_signal(signal.SIGTERM)
    assert demo.wait(30) == 130
    assert children(tmp_path) == []
    assert "Stopped before the end" in said(tmp_path)


def test_a_process_that_dies_ends_the_demo_and_is_named_with_its_log(tmp_path):
    demo = start(tmp_path, partners=["kr-aeo"])
    wait(lambda: len(children(tmp_path)) == 2)
    (victim,) = [pid for pid in children(tmp_path) if home_of(pid).endswith("/kr-aeo")]
    os.kill(victim, signal.SIGKILL)
    assert demo.wait(30) == 1
    assert children(tmp_path) == []
    assert "MRX-5051" in said(tmp_path)
    assert "kr-aeo.log" in said(tmp_path)


def home_of(pid):
    entries = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return next(entry for entry in entries if entry.startswith("MRX_HOME="))
