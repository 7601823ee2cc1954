"""The page of all settings is made from the settings, and every example on it can be used."""

import re
from pathlib import Path

import pytest

import schemas
from gateway import settings_page
from gateway.settings import Settings

ROOT = Path(schemas.__file__).parents[1]
PAGE = settings_page.page()


def test_the_committed_page_is_the_one_the_settings_make():
    committed = (ROOT / "docs/settings.md").read_text(encoding="utf-8")

    assert committed == PAGE, "run `make docs`"


def test_the_home_folder_comes_first_and_every_setting_once():
    rows = re.findall(r"^\| `(MRX_\w+)` \|", PAGE, re.MULTILINE)

    assert rows[0] == "MRX_HOME"
    assert sorted(rows) == sorted(f"MRX_{name.upper()}" for name in Settings.model_fields)


def test_every_setting_has_a_group_a_meaning_and_an_example():
    grouped = [name for names in settings_page.GROUPS.values() for name in names]

    assert sorted(grouped) == sorted(Settings.model_fields)
    for name, one in settings_page.settings().items():
        assert one.meaning, name
        assert one.example, name


def test_every_example_is_taken(monkeypatch):
    for name, example in settings_page.EXAMPLES.items():
        monkeypatch.setenv(f"MRX_{name.upper()}", example)

    made = Settings()

    assert made.model_fields_set == Settings.model_fields.keys()
    assert made.engine == "celery"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("request_seconds", "a number of seconds, more than 0"),
        ("body_bytes_max", "a whole number of bytes, more than 0"),
        ("status_answer_seconds", "a number of seconds, at least 0"),
        ("engine", "`threads` or `celery`"),
        ("client_certificate_header", "`[A-Za-z0-9-]{1,64}`"),
    ],
)
def test_what_a_setting_takes_is_said(name: str, said: str):
    assert settings_page.settings()[name].accepts == said


def test_what_the_readme_names_is_a_setting():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"MRX_[A-Z0-9_]+", text))

    assert named <= {f"MRX_{name.upper()}" for name in Settings.model_fields}
