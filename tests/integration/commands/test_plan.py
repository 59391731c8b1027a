"""`make plan`: the command, from a source to what a run would do with it, and nothing left behind."""

import re
from pathlib import Path

import pytest

from commands import plan
from commands.project import ROOT
from commands.sample import write_sample
from tests.integration.commands.stopped_command import stop_while_it_reads

DATASET = """
[source]
url = "https://example.com/cars.csv"
file_name = "cars.csv"
[table]
name = "tb_cars"
partition_key = "id"
[columns.Year]
type = "number"
[schema]
header = ["id", "Year", "Colour"]
[gates]
max_reject_percent = 50
"""
CARS = "id,Year\n1,1999\n2,soon\n3,2001,more\n4,2004\n5,2005\n"


@pytest.fixture
def cars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source and its data set; of the shell nothing is left."""
    datasets, path = tmp_path / "datasets", tmp_path / "cars.csv"
    datasets.mkdir()
    (datasets / "cars.toml").write_text(DATASET)
    path.write_text(CARS)
    monkeypatch.setattr("commands.project.DATASETS", datasets)
    monkeypatch.setattr(plan, "leave_shell", lambda: None)
    monkeypatch.setattr(plan, "stop_like_ctrl_c", lambda: None)
    return path


def refusal(*words: str) -> str:
    """What the command ends with."""
    with pytest.raises(SystemExit) as ended:
        plan.main(list(words))
    return str(ended.value)


def test_it_tells_what_a_run_would_do(cars: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan.main(["--source", str(cars), "--dataset", "cars"]) == 0

    printed = capsys.readouterr().out
    for text in (
        "5 rows, 48 bytes; 49 bytes for Step Functions\n",
        "'Colour'",  # the schema gate: a column that is not there
        "by prepare, before the upload: 1 BAD_WIDTH\n  by the function: 1 BAD_TYPE\n",
        "row 3: BAD_WIDTH, 3 fields, but the header has 2\n",
        'row 2: BAD_TYPE, Year: "soon" is not a number',
        "Items: 3, of 10 bytes on average, the largest 10; 3 write units\n",
        "Map Run: 1 batches, about 0.1 s, bound by limits.max_concurrency = 8\n",
        "3  < $0.0001  $0.625 for 1,000,000 (2026-08)\n",
        "  1,000  5,000        3,000      1",
    ):
        assert text in printed, text
    assert "would stop" not in printed


def test_the_page_shows_the_plan_of_the_demos_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```text\n(.*?)```", page, re.DOTALL)

    plan.main(["--source", str(write_sample(tmp_path / "sample.csv").path), "--region", plan.DEFAULT_REGION])

    assert capsys.readouterr().out == shown


def test_ones_own_prices_and_region_count(cars: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "prices.toml"
    own.write_text('[eu-west-1.dynamodb_write_unit]\nusd = 7\nper = 1\nsource = "mine"\ndate = "2026-11"\n')
    words = ["--source", str(cars), "--dataset", "cars", "--prices", str(own), "--region", "eu-west-1"]

    assert plan.main(words) == 0

    printed = capsys.readouterr().out
    assert "Cost in eu-west-1: $21.00, without the lines that are unknown" in printed
    assert "no price of eu-west-1 is known" in printed


def test_a_run_that_would_stop_before_the_upload_is_planned_and_ends_with_a_status(
    cars: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cars.write_text(CARS.replace("2004", "later"))

    assert plan.main(["--source", str(cars), "--dataset", "cars"]) == 1

    printed = capsys.readouterr().out
    assert "The run would stop before the upload: 3 of 5 rows (60.00 %) were rejected, more than" in printed
    assert "Items: 2," in printed


def test_a_header_that_the_data_set_refuses_stops_it(cars: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = cars.parent / "datasets" / "cars.toml"
    file.write_text(DATASET.replace('"Colour"]', '"Colour"]\nmissing = "fail"'))

    assert plan.main(["--source", str(cars), "--dataset", "cars"]) == 1

    assert "The run would stop before the upload: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Name the CSV: make plan SOURCE=path-or-https-url"),
        (("--source", "cars.csv", "--dataset", "vans"), "DATASET=vans: there is no datasets/vans.toml."),
        (("--source", "/nowhere/cars.csv", "--dataset", "cars"), "/nowhere/cars.csv: there is no such file."),
        (("--source", "s3://bucket/cars.csv", "--dataset", "cars"), "fetch it with `aws s3 cp`"),
        (("--source", "x", "--dataset", "cars", "--prices", "/nowhere.toml"), "/nowhere.toml cannot be read"),
    ],
)
def test_what_is_refused(words: tuple[str, ...], told: str, cars: Path) -> None:
    assert told in refusal(*words)


def test_a_source_that_cannot_be_read_is_refused_in_prepares_words(cars: Path) -> None:
    cars.write_text("Number,Year\n1,1999\n")

    assert "cars.csv lacks 'a column for the partition key id'" in refusal("--source", str(cars), "--dataset", "cars")


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    datasets = tmp_path / "datasets"
    datasets.mkdir()
    (datasets / "cars.toml").write_text(DATASET)
    lines = ["id,Year\n", *(f"A-{number},1999\n" for number in range(400_000))]

    left = stop_while_it_reads("commands.plan", lines, tmp_path, "--dataset", "cars", CSVDYNAMO_DATASETS=str(datasets))

    assert left == []
