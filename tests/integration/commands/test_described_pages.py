"""What the page shows of `make describe` is what it prints and writes."""

import re
from pathlib import Path

import pytest

from commands import describe
from commands.project import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8").partition("## `make describe`")[2]


def test_the_page_shows_what_it_says_of_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, shown, written = re.findall(r"^```\w*\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)[:3]
    typed, printed = shown.split("\n", 1)
    assert typed == "$ make describe SOURCE=cars.csv"
    (tmp_path / "datasets").mkdir()
    (tmp_path / "cars.csv").write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(describe, "DATASETS", tmp_path / "datasets")
    monkeypatch.setattr(describe, "leave_shell", lambda: None)
    monkeypatch.setattr(describe, "stop_like_ctrl_c", lambda: None)

    assert describe.main(["--source", "cars.csv"]) == 0

    assert capsys.readouterr().out == printed
    assert (tmp_path / "datasets" / "cars.toml").read_text(encoding="utf-8") == written


def test_the_readmes_section_on_another_csv_begins_with_it() -> None:
    assert README.partition("## Another CSV\n\n")[2].startswith("`make describe ")
