"""The compose file: Compose itself reads it where it is installed; what we promise of it, always."""

import os
import re
import shutil
import subprocess
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import redis
import yaml

from gateway.cli import commands
from gateway.settings import Settings
from tests import servers

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "deploy/compose.yaml"
TEXT = FILE.read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
OURS = ("init", "gateway", "worker")
PASSWORDS = {"DATABASE_PASSWORD": "db-secret", "REDIS_PASSWORD": "redis-secret"}


def compose() -> list[str]:
    """Compose as docker's plugin, or as a program of its own; the skip says that nobody read it."""
    docker = shutil.which("docker")
    if docker is not None:
        there = subprocess.run(
            [docker, "compose", "version"], capture_output=True, timeout=60, check=False
        )
        if there.returncode == 0:
            return [docker, "compose"]
    if alone := shutil.which("docker-compose"):
        return [alone]
    pytest.skip(
        "allowed: neither `docker compose` nor docker-compose here: Compose did not read it"
    )


def config(tmp_path: Path, text: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program = compose()
    if program[0].endswith("docker-compose"):  # 1.29, which has no name for a project yet
        text = re.sub(r"^name: .*\n", "", text, flags=re.MULTILINE)
    (tmp_path / "deploy").mkdir(exist_ok=True)
    file = tmp_path / "deploy/compose.yaml"
    file.write_text(text, encoding="utf-8")
    return subprocess.run(
        [*program, "-f", str(file), "config"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_compose_reads_it(tmp_path: Path):
    said = config(tmp_path, TEXT, **PASSWORDS)

    assert said.returncode == 0, said.stderr
    assert yaml.safe_load(said.stdout)["services"].keys() == SERVICES.keys()


def test_compose_would_find_a_mistake(tmp_path: Path):
    """So that the test above is known to be one that can fail."""
    assert config(tmp_path, TEXT.replace("tmpfs:", "tmpsf:"), **PASSWORDS).returncode != 0


def test_without_passwords_nothing_starts(tmp_path: Path):
    said = config(tmp_path, TEXT, DATABASE_PASSWORD="", REDIS_PASSWORD="")

    assert said.returncode != 0
    assert "deploy/.env" in said.stderr


def test_passwords_have_no_default():
    names = set(re.findall(r"\$\{(\w+PASSWORD)", TEXT))

    assert names == PASSWORDS.keys()
    for name in names:
        assert TEXT.count(f"${{{name}") == TEXT.count(f"${{{name}:?")
    example = (ROOT / "deploy/compose.env.example").read_text(encoding="utf-8")
    for name in names:
        assert f"\n{name}=\n" in f"\n{example}"


def test_these_are_the_services():
    assert SERVICES.keys() == {*OURS, "database", "redis"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_watched_and_pinned(name: str):
    service = SERVICES[name]

    _, _, tag = service["image"].partition(":")
    assert re.match(r"\d", tag), "a major version is pinned"
    assert "no-new-privileges:true" in service["security_opt"]
    image_has_one = "HEALTHCHECK" in (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
    assert "healthcheck" in service or (name in OURS and image_has_one)
    assert "restart" in service


@pytest.mark.parametrize("name", OURS)
def test_the_image_is_built_here_and_has_the_version_of_the_program(name: str):
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]
    build = SERVICES[name]["build"]

    assert SERVICES[name]["image"] == f"mrx:{version}"
    assert (FILE.parent / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).exists()


@pytest.mark.parametrize("name", ["database", "redis"])
def test_the_servers_are_reached_from_inside_only(name: str):
    assert "ports" not in SERVICES[name]
    assert SERVICES[name]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_only_this_host_reaches_the_gateway():
    assert SERVICES["gateway"]["ports"] == ["127.0.0.1:8700:8700"]
    assert all("ports" not in SERVICES[name] for name in SERVICES if name != "gateway")


@pytest.mark.parametrize("name", OURS)
def test_our_containers_write_their_home_only(name: str):
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["volumes"] == [f"home:{service['environment']['MRX_HOME']}"]
    command = service.get("command", ["serve"])
    assert command[0] in commands.VERBS


def test_volumes_are_named():
    mounted = {
        one.partition(":")[0] for service in SERVICES.values() for one in service.get("volumes", ())
    }

    assert mounted == COMPOSE["volumes"].keys()


@pytest.mark.parametrize("name", OURS)
def test_the_settings_are_ones_the_gateway_takes(name: str, monkeypatch):
    for setting, value in SERVICES[name]["environment"].items():
        given = re.sub(r"\$\{(\w+):[?-][^}]*\}", lambda part: PASSWORDS.get(part[1], ""), value)
        monkeypatch.setenv(setting, given)

    made = Settings()

    assert made.engine == "celery"
    assert made.database_url.password == "db-secret"
    assert made.database_url.host in SERVICES
    assert ":redis-secret@redis:" in made.broker_url


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Path]:
    """Redis as the file's own command starts it, listening on a socket in place of a port."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        servers.missing("no Redis: apt-get install redis-server")
    (shell, option, script) = SERVICES["redis"]["command"]
    script = script.replace("$$", "$").replace("/tmp", str(tmp_path)).rstrip()
    script = script.replace("exec redis-server", f"exec {program}")
    socket = tmp_path / "s"
    process = subprocess.Popen(
        [shell, option, f"{script} --port 0 --unixsocket {socket}"],
        env={**os.environ, "REDIS_PASSWORD": "redis-secret"},
        stdout=subprocess.DEVNULL,
    )
    until = time.monotonic() + 20
    while not socket.exists():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    yield socket
    process.terminate()
    process.wait(20)


@pytest.mark.processes
def test_the_redis_it_starts_is_one_the_doctor_finds_well(started: Path, tmp_path: Path):
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(unix_socket_path=str(started)).ping()
    assert redis.Redis(unix_socket_path=str(started), password="redis-secret").ping()

    from tests.gateway.cli.command import Mrx

    said = Mrx(tmp_path / "home")(
        "doctor",
        "--json",
        code=3,  # there is no home yet
        MRX_ENGINE="celery",
        MRX_BROKER_URL=f"redis+socket://:redis-secret@{started}",
    )
    found = {one["step"]: one["result"] for one in orjson.loads(said.stdout_bytes)["findings"]}
    assert (found["redis"], found["eviction"], found["persistence"]) == ("ok", "ok", "ok")
