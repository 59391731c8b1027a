"""Settings of the Airflow side."""

from pathlib import Path

import pytest

from csvdynamo.datasets.hosts import HostRule
from csvdynamo.datasets.objects import ObjectRule
from csvdynamo_airflow import settings
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.settings import LocalUse, datasets_folder, local_use, retry_seconds


def test_the_folder_of_data_set_files_is_the_one_that_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSVDYNAMO_DATASETS", str(tmp_path))

    assert datasets_folder() == tmp_path


def test_a_set_folder_that_is_not_there_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSVDYNAMO_DATASETS", str(tmp_path / "gone"))

    with pytest.raises(MigrationError, match=r"CSVDYNAMO_DATASETS=.*gone"):
        datasets_folder()


def test_the_folder_in_plugins_comes_before_the_one_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CSVDYNAMO_DATASETS", raising=False)
    monkeypatch.setattr(settings, "__file__", str(tmp_path / "plugins" / "csvdynamo_airflow" / "settings.py"))
    assert datasets_folder() == tmp_path / "datasets"

    inside = tmp_path / "plugins" / "datasets"
    inside.mkdir(parents=True)
    assert datasets_folder() == inside


@pytest.mark.parametrize(("text", "seconds"), [(None, 60.0), ("0", 0.0), ("1.5", 1.5)])
def test_the_first_retrys_delay(text: str | None, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CSVDYNAMO_RETRY_SECONDS", raising=False)
    if text is not None:
        monkeypatch.setenv("CSVDYNAMO_RETRY_SECONDS", text)

    assert retry_seconds() == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1", "nan", "inf"])
def test_a_delay_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSVDYNAMO_RETRY_SECONDS", text)

    with pytest.raises(MigrationError, match="CSVDYNAMO_RETRY_SECONDS"):
        retry_seconds()


@pytest.fixture
def local_settings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment without the settings for local use."""
    monkeypatch.delenv("CSVDYNAMO_LOCAL_FOLDER", raising=False)
    monkeypatch.delenv("CSVDYNAMO_LOCAL_HOSTS", raising=False)
    monkeypatch.delenv("CSVDYNAMO_LOCAL_BUCKETS", raising=False)
    return monkeypatch


def test_nothing_local_may_be_read_by_default(local_settings: pytest.MonkeyPatch) -> None:
    assert local_use() == LocalUse(folder=None, hosts=())

    local_settings.setenv("CSVDYNAMO_LOCAL_FOLDER", "")
    local_settings.setenv("CSVDYNAMO_LOCAL_HOSTS", " , ")
    assert local_use() == LocalUse(folder=None, hosts=())


def test_a_folder_and_hosts_may_be_named(local_settings: pytest.MonkeyPatch) -> None:
    local_settings.setenv("CSVDYNAMO_LOCAL_FOLDER", "/data/csv")
    local_settings.setenv("CSVDYNAMO_LOCAL_HOSTS", "127.0.0.1:8000, Intranet,[::1]:80")

    assert local_use() == LocalUse(
        Path("/data/csv"), (HostRule("127.0.0.1", 8000), HostRule("intranet"), HostRule("::1", 80))
    )


@pytest.mark.parametrize("folder", ["data", "~/data", "./data"])
def test_a_folder_that_depends_on_where_the_worker_was_started_is_refused(
    local_settings: pytest.MonkeyPatch, folder: str
) -> None:
    local_settings.setenv("CSVDYNAMO_LOCAL_FOLDER", folder)

    with pytest.raises(MigrationError, match=r"CSVDYNAMO_LOCAL_FOLDER=.*data: give the folder's whole path"):
        local_use()


def test_buckets_and_prefixes_may_be_named(local_settings: pytest.MonkeyPatch) -> None:
    local_settings.setenv("CSVDYNAMO_LOCAL_BUCKETS", "s3://cars/, s3://city/in/,s3://city/a b.csv")

    assert local_use().buckets == (ObjectRule("cars", ""), ObjectRule("city", "in/"), ObjectRule("city", "a b.csv"))


@pytest.mark.parametrize("bucket", ["cars", "s3://cars", "https://cars/", "s3://Cars/", "s3://cars/../"])
def test_what_is_no_bucket_is_refused(local_settings: pytest.MonkeyPatch, bucket: str) -> None:
    local_settings.setenv("CSVDYNAMO_LOCAL_BUCKETS", f"s3://city/,{bucket}")

    with pytest.raises(MigrationError, match=r"CSVDYNAMO_LOCAL_BUCKETS: '.*' names no objects: give s3://"):
        local_use()


@pytest.mark.parametrize("host", ["*.intranet.example", "http://intranet", "intranet:", "127.1", "a b", "intranet/x"])
def test_what_is_no_host_is_refused(local_settings: pytest.MonkeyPatch, host: str) -> None:
    local_settings.setenv("CSVDYNAMO_LOCAL_HOSTS", f"localhost,{host}")

    with pytest.raises(MigrationError, match=r"CSVDYNAMO_LOCAL_HOSTS: '.*' is no host"):
        local_use()
