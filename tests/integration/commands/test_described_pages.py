"""What the pages show of `make describe` is what it prints and writes."""

import re
from pathlib import Path

import pytest

from commands import describe
from commands.project import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8").partition("## `make describe`")[2]


def test_the_pages_show_what_it_says_of_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, written = re.findall(r"^```(?:toml)?\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)[:2]
    [printed] = re.findall(r"^\$ make describe SOURCE=cars.csv\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    (tmp_path / "datasets").mkdir()
    (tmp_path / "cars.csv").write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(describe, "DATASETS", tmp_path / "datasets")
    monkeypatch.setattr(describe, "leave_shell", lambda: None)
    monkeypatch.setattr(describe, "stop_like_ctrl_c", lambda: None)

    assert describe.main(["--source", "cars.csv"]) == 0

    assert capsys.readouterr().out == printed
    assert (tmp_path / "datasets" / "cars.toml").read_text(encoding="utf-8") == written


def test_the_section_on_another_csv_begins_with_it() -> None:
    assert README.partition("## Another CSV\n\n")[2].startswith("`make describe` ")
