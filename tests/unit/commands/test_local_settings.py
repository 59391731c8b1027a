"""What the demo lets the DAG read: the source that was named, by the settings that the DAG's task reads."""

from pathlib import Path

import pytest

from commands.local_source import local_settings
from csvdynamo_airflow.settings import LocalUse, local_use
from csvdynamo_airflow.source.fetched import DownloadError
from csvdynamo_airflow.source.local import open_below
from csvdynamo_airflow.source.protocol import SourceRules, SourceUrlError
from csvdynamo_airflow.source.source_url import admit


def rules_of(source: str, environment: pytest.MonkeyPatch) -> SourceRules:
    for name, value in local_settings(source).items():
        environment.setenv(name, value)
    local: LocalUse = local_use()
    return SourceRules(local_folder=local.folder, local_hosts=local.hosts, objects=local.buckets)


@pytest.mark.parametrize("form", ["{}", "file://{}", "FILE://{}", "file://localhost{}"])
def test_a_file_may_be_read_and_none_outside_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    (tmp_path / "folder").mkdir()
    path = tmp_path / "folder" / "my cars.csv"
    path.write_text("here")
    (tmp_path / "secret.csv").write_text("secret")
    source = form.format(str(path).replace(" ", "%20") if "://" in form else path)

    rules = rules_of(source, monkeypatch)

    assert rules.local_folder == tmp_path / "folder"
    admitted = admit(source, rules).path
    assert admitted is not None
    with open_below(admitted, rules.local_folder) as file:
        assert file.read() == b"here"
    with pytest.raises(DownloadError, match="not below"), open_below(tmp_path / "secret.csv", rules.local_folder):
        pytest.fail("it was opened")


def test_a_file_behind_a_link_may_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.csv").write_text("here")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real" / "a.csv")
    source = f"file://{tmp_path}/link.csv"

    rules = rules_of(source, monkeypatch)

    path = admit(source, rules).path
    assert path is not None
    assert rules.local_folder is not None
    with open_below(path, rules.local_folder) as file:
        assert file.read() == b"here"


@pytest.mark.parametrize(
    "source",
    [
        "http://127.0.0.1:8123/a.csv?x=y",
        "https://example.org/a.csv",
        "http://example.org?a@b",
        "HTTP://[::1]:8080/a.csv",
    ],
)
def test_a_web_address_may_be_asked_and_no_other_port_and_no_file(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.setenv("CSVDYNAMO_LOCAL_FOLDER", "/data")
    monkeypatch.setenv("CSVDYNAMO_LOCAL_HOSTS", "files.example.net")

    rules = rules_of(source, monkeypatch)

    assert admit(source, rules)
    assert admit("https://files.example.net/a.csv", rules), "what the environment named before stays"
    for other in ("http://127.0.0.1:22/", "http://b/", "/data/a.csv"):
        with pytest.raises(SourceUrlError):
            admit(other, rules)


def test_an_objects_bucket_may_be_read_and_no_other_and_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSVDYNAMO_LOCAL_FOLDER", "/data")
    monkeypatch.setenv("CSVDYNAMO_LOCAL_BUCKETS", "s3://archive/old/")
    source = "S3://publisher/in/cars, 2026.csv"

    rules = rules_of(source, monkeypatch)

    assert admit(source, rules)
    assert admit("s3://archive/old/cars.csv", rules), "what the environment named before stays"
    for other in ("s3://publisher-2/a.csv", "s3://archive/new.csv", "/data/a.csv", "https://publisher/a.csv"):
        with pytest.raises(SourceUrlError):
            admit(other, rules)


def test_what_is_no_address_is_left_to_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CSVDYNAMO_LOCAL_HOSTS", raising=False)

    with pytest.raises(SourceUrlError, match="not written as a URL is"):
        admit("https://127.1/a.csv", rules_of("https://127.1/a.csv", monkeypatch))
