"""`mrx doctor` and `mrx settings`: what a person sees of them, and what the exit code says."""

import orjson

from tests.gateway.cli.command import Mrx

KEYS = {"step", "result", "sentence", "next"}


def test_a_good_home_exits_with_0_though_it_is_warned(mrx: Mrx):
    said = mrx.json("doctor")

    found = {one["step"]: one["result"] for one in said["findings"]}
    assert said["well"] is True
    assert found["feeds"] == "warning"  # nothing was ever pushed
    assert "failed" not in found.values()
    assert all(one.keys() == KEYS for one in said["findings"])


def test_what_is_wrong_exits_with_3_and_says_what_to_do(mrx: Mrx):
    mrx.home.chmod(0o755)

    said = mrx.json("doctor", code=3)

    assert said["well"] is False
    (failed,) = [one for one in said["findings"] if one["result"] == "failed"]
    assert failed["step"] == "privacy"
    assert failed["next"] == f"chmod 700 {mrx.home}"


def test_each_finding_is_one_line(mrx: Mrx):
    lines = mrx("doctor").stdout.splitlines()

    assert lines[0] == "well\tyes"
    assert all(len(line.split("\t")) == 5 for line in lines[1:])
    assert len(lines) == 1 + len(mrx.json("doctor")["findings"])


def test_without_a_home_it_still_answers(mrx: Mrx, tmp_path):
    nowhere = Mrx(tmp_path / "nowhere")

    assert "mrx init" in nowhere("doctor", code=3).stdout
    assert not nowhere.home.exists()


def test_a_setting_that_cannot_be_used_is_a_finding_and_not_the_end(mrx: Mrx):
    said = mrx.json("doctor", code=3, MRX_REQUEST_SECONDS="soon")

    assert "MRX_REQUEST_SECONDS" in said["findings"][0]["sentence"]


def test_a_misspelt_variable_is_named(mrx: Mrx):
    said = mrx.json("doctor", MRX_DATABSE_URL="postgresql://mrx:very-secret@db/mrx")

    (found,) = [one for one in said["findings"] if one["step"] == "environment"]
    assert found["result"] == "warning"
    assert "MRX_DATABSE_URL" in found["sentence"]
    assert "MRX_DATABASE_URL" in found["next"]
    assert "very-secret" not in str(said)


def test_settings_shows_what_is_in_force(mrx: Mrx):
    shown = {one["setting"]: one for one in mrx.json("settings", MRX_REQUEST_SECONDS="20")}

    assert shown["MRX_HOME"]["value"] == str(mrx.home)
    assert (shown["MRX_REQUEST_SECONDS"]["value"], shown["MRX_REQUEST_SECONDS"]["default"]) == (
        "20",
        "30",
    )
    assert shown["MRX_DATABASE_URL"]["value"] is None


def test_settings_never_shows_a_password(mrx: Mrx):
    said = mrx(
        "settings",
        MRX_DATABASE_URL="postgresql://mrx:very-secret@db/mrx",
        MRX_BROKER_URL="redis://:very-secret@redis:6379/0",
    )

    assert "very-secret" not in said.output
    assert said.stdout.count("(set; not shown)") == 2


def test_settings_works_where_nothing_is(tmp_path):
    nowhere = Mrx(tmp_path / "nowhere")

    assert nowhere.json("settings")
    assert not nowhere.home.exists()


def test_the_page_is_printed(mrx: Mrx):
    assert mrx("settings", "--page").stdout.startswith("# Settings\n")


def test_the_bundle_names_settings_and_shows_no_value(mrx: Mrx, tmp_path):
    file = tmp_path / "diagnostics.json"
    marked = {
        "MRX_DATABASE_URL": "postgresql+psycopg://marked:marked@127.0.0.1:1/marked",
        "MRX_ENGINE": "celery",
        "MRX_BROKER_URL": "redis://:marked@127.0.0.1:1/0",
        "MRX_REQUEST_SECONDS": "20",
    }

    mrx("doctor", "--bundle", file, code=3, **marked)

    told = orjson.loads(file.read_bytes())
    assert told["settings"]["given"] == [
        "MRX_HOME",
        "MRX_DATABASE_URL",
        "MRX_ENGINE",
        "MRX_BROKER_URL",
        "MRX_REQUEST_SECONDS",
    ]
    findings = {one["step"]: one for one in told["findings"]}
    assert findings["database"]["sentence"] == "MRX-9014"
    assert findings["home folder"]["sentence"] == "$MRX_HOME can be written"
    for value in (b"marked", b"127.0.0.1", str(mrx.home).encode()):
        assert value not in file.read_bytes()


def test_a_bundle_is_made_where_a_setting_cannot_be_read(mrx: Mrx):
    said = mrx("doctor", "--bundle", "-", code=3, MRX_REQUEST_SECONDS="sooner")

    found = {one["step"]: one for one in orjson.loads(said.stdout)["findings"]}
    assert found["settings"]["sentence"] == "MRX-9010 MRX_REQUEST_SECONDS"
    assert "sooner" not in said.stdout
