"""`[protection]` of a data set file: encryption at rest, and days after which the bucket deletes."""

from pathlib import Path

import pytest

from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.datasets.protection import Encryption, Protection
from csvdynamo.errors import DatasetError

FILE = """
[source]
url = "https://example.com/cars.csv"
file_name = "cars.csv"

[table]
name = "tb_cars"
partition_key = "Car ID"

[protection]
"""


def protection(folder: Path, *lines: str) -> Protection:
    path = folder / "cars.toml"
    path.write_text(FILE + "\n".join(lines), encoding="utf-8")
    return load_dataset(path).protection


def test_by_default_the_services_keys_are_used_and_everything_is_kept(tmp_path: Path) -> None:
    assert protection(tmp_path) == Protection(Encryption.DEFAULT, None, None, None, None, None, None)


def test_each_setting_is_read(tmp_path: Path) -> None:
    read = protection(
        tmp_path,
        'encryption = "customer-managed"',
        "keep_landing_days = 2",
        "keep_source_days = 16",
        "keep_error_days = 17",
        "keep_result_days = 18",
        "keep_report_days = 400",
        "keep_snapshot_runs = 2",
    )

    assert read == Protection(Encryption.CUSTOMER_MANAGED, 2, 16, 17, 18, 400, 2)


@pytest.mark.parametrize("key", ["keep_source_days", "keep_error_days", "keep_result_days", "keep_report_days"])
def test_what_a_redrive_needs_cannot_go_before_it(tmp_path: Path, key: str) -> None:
    with pytest.raises(DatasetError) as caught:
        protection(tmp_path, f"{key} = 15")

    assert str(caught.value).endswith(
        f"protection.{key}: must be at least 16, because a failed execution can be redriven for 14 days and needs "
        "these objects; found 15. Without the key they are kept"
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("keep_landing_days = 1", "must be at least 2, because prepare reads the download"),
        ("keep_landing_days = 0", "must be a whole number from 1 to 36500"),
        ('keep_landing_days = "7"', "must be a whole number"),
        ("keep_landing_days = true", "must be a whole number"),
        ("keep_snapshot_runs = 1", "must be a whole number from 2 to 400"),
        ('encryption = "none"', "must be one of default, customer-managed"),
        ("days = 3", "unknown key"),
    ],
)
def test_a_wrong_setting_says_what_is_allowed(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(DatasetError, match=r"cars\.toml: protection\.") as caught:
        protection(tmp_path, line)

    assert told in str(caught.value)


def test_a_stack_is_deployed_anew_where_digests_begin_to_be_deleted_and_not_for_their_number(tmp_path: Path) -> None:
    def digest(*lines: str) -> str:
        protection(tmp_path, *lines)
        return load_dataset(tmp_path / "cars.toml").settings_digest

    assert digest() != digest("keep_snapshot_runs = 2") == digest("keep_snapshot_runs = 9")
