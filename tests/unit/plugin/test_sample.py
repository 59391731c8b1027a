"""The generated sample: the faults that it lists are in it, and no others."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from commands.sample import HARD_VALUES, HEADER, KEY, LEAST_ROWS, TESTED, Fault, main, write_sample
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.rules.refusals import Refusal
from tests.support.converted_row import convert_row

DATASET = Path(__file__).parents[3] / "datasets" / "ev_population.toml"


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        [header, *rows] = filter(None, csv.reader(file, strict=True))
    assert tuple(header) == HEADER
    return rows


def test_it_has_the_rows_that_were_asked_for(tmp_path: Path) -> None:
    sample = write_sample(tmp_path / "new folder" / "sample.csv", rows=500)

    assert (len(read(sample.path)), sample.rows) == (500, 500)


def test_its_faults_are_a_known_handful(tmp_path: Path) -> None:
    sample = write_sample(tmp_path / "sample.csv", rows=500)

    assert Counter(fault.code for fault in sample.faults) == {"MISSING_KEY": 5, "BAD_WIDTH": 2, "BAD_TYPE": 1}
    rows = read(sample.path)
    keys = [rows[fault.row - 1][HEADER.index(KEY)] for fault in sample.faults if fault.code == "MISSING_KEY"]
    assert sorted(keys) == ["", "", "", "  ", "  "]


def test_it_ends_with_a_row_whatever_its_seed(tmp_path: Path) -> None:
    for seed in range(40):
        assert write_sample(tmp_path / "sample.csv", LEAST_ROWS, seed).faults[-1].row < LEAST_ROWS


def test_the_data_sets_rules_refuse_the_listed_rows_and_no_others(tmp_path: Path) -> None:
    sample = write_sample(tmp_path / "sample.csv", rows=500)
    dataset = load_dataset(DATASET)

    found = []
    for number, row in enumerate(read(sample.path), start=1):
        if len(row) != len(HEADER):
            found.append(Fault(number, "BAD_WIDTH"))
        elif isinstance(outcome := convert_row(dataset.rules, dict(zip(HEADER, row, strict=True))), Refusal):
            found.append(Fault(number, outcome.code))

    assert found == list(sample.faults)


def test_its_hard_values_stand_in_the_rows_that_it_names(tmp_path: Path) -> None:
    sample = write_sample(tmp_path / "sample.csv", rows=500)
    rows = [dict(zip(HEADER, row, strict=False)) for row in read(sample.path)]

    assert {hard.value for hard in sample.hard_values} == set(HARD_VALUES)
    for hard in sample.hard_values:
        assert rows[hard.row - 1][hard.header] == hard.value
        assert rows[hard.row - 1][KEY] == hard.key
        assert hard.header == TESTED


def test_good_rows_have_keys_of_their_own(tmp_path: Path) -> None:
    keys = [row[HEADER.index(KEY)].strip() for row in read(write_sample(tmp_path / "s.csv").path) if len(row) > 13]

    assert len({key for key in keys if key}) == len([key for key in keys if key])


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    once, again, other = (
        write_sample(tmp_path / f"{name}.csv", rows=200, seed=seed).path.read_bytes()
        for name, seed in (("once", 7), ("again", 7), ("other", 8))
    )

    assert once == again
    assert once != other


def test_the_list_beside_it_says_what_the_sample_says(tmp_path: Path) -> None:
    sample = write_sample(tmp_path / "sample.csv", rows=500)

    document = json.loads(sample.faults_path.read_text(encoding="utf-8"))

    assert [Fault(**fault) for fault in document["faults"]] == list(sample.faults)
    assert [hard["value"] for hard in document["hard_values"]] == [hard.value for hard in sample.hard_values]


def test_the_command_writes_it_and_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sample.csv"

    assert main(["--rows", "300", "--out", str(path)]) == 0

    assert len(read(path)) == 300
    assert f"{path}: 300 rows, 8 of them faulty" in capsys.readouterr().out


def test_too_few_rows_for_the_faults_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="at least 100"):
        write_sample(tmp_path / "sample.csv", rows=LEAST_ROWS - 1)
    with pytest.raises(SystemExit):
        main(["--rows", "5", "--out", str(tmp_path / "sample.csv")])

    assert "--rows must be at least 100" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
