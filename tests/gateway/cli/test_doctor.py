"""`mrx doctor` and `mrx settings`: what a person sees of them, and what the exit code says."""

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
