"""A kind of source is one row of a table and one module: what a toy of a test's own has to touch, and nothing else."""

import re
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator

from commands.local_source import local_settings
from csvdynamo.datasets import sources
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.sources import HTTP, KINDS, LOCAL, SourceKind, told_in_form
from csvdynamo.datasets.table_rules import Table
from csvdynamo_airflow.parameters import source_url_schema
from csvdynamo_airflow.settings import LOCAL_FOLDER, LocalUse
from csvdynamo_airflow.source.download import download, refuse_beforehand
from csvdynamo_airflow.source.fetched import DownloadError, Fetched
from csvdynamo_airflow.source.protocol import Origin, SourceRules, SourceUrlError, Worker
from csvdynamo_airflow.source.source_url import source_for
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.growing_file import FileTooLargeError, GrowingFile
from tests.integration.plugin.migration_objects import BUCKET
from tests.integration.plugin.scripted_server import Answer, local_hosts, serve

DRAWER = {"toy://drawer/cars.csv": b"DOL Vehicle ID,City\n100,Seattle\n101,Bothell\n", "toy://drawer/empty.csv": b""}
URL = "toy://drawer/cars.csv"
TOY = SourceKind("toy", ("toy",), told="a toy of the drawer", in_file="`toy://` URL", is_url=URL.__eq__)


class ToySource:
    """What lies in a drawer."""

    def admit(self, url: str, rules: SourceRules) -> Origin:
        if not url.startswith(rules.url.rpartition("/")[0]):
            raise SourceUrlError(f"{url} lies in another drawer.")
        return Origin(url, None, url)

    def refuse_beforehand(self, origin: Origin, rules: SourceRules) -> Path | None:
        return None

    def fetch(self, origin: Origin, target: Path, rules: SourceRules, worker: Worker) -> Fetched:
        found = DRAWER.get(origin.url)
        if found is None:
            raise DownloadError(f"{origin.shown} is not in the drawer.")
        space = DiskSpace(target.parent, f"copy {origin.shown}")
        with GrowingFile(target, worker.report_progress, space=space, total=len(found), most=rules.max_bytes) as file:
            file.write(found)
        return Fetched(etag='"wood"')


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy's row in the table, and its module."""
    monkeypatch.setattr(sources, "KINDS", (HTTP, TOY, LOCAL))
    monkeypatch.setitem(sys.modules, "csvdynamo_airflow.source.toy", SimpleNamespace(SOURCE=ToySource()))  # type: ignore[arg-type]


@pytest.fixture
def dataset(toy: None, tmp_path: Path) -> Dataset:
    """A data set file whose own source is the toy."""
    path = tmp_path / "cars.toml"
    path.write_text(
        f'[source]\nurl = "{URL}"\nfile_name = "cars.csv"\n\n'
        '[table]\nname = "tb_cars"\npartition_key = "DOL Vehicle ID"\n'
    )
    return load_dataset(path)


def fetch(url: str, dataset: Dataset, s3: Any, work: Path, **options: Any) -> Any:
    return download(url, dataset=dataset, bucket=BUCKET, s3=s3, run_id="run", work_parent=work, **options)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_of_the_table_has_a_module_that_fetches_it(kind: SourceKind) -> None:
    for scheme in kind.schemes:
        source = source_for(f"{scheme.upper()}://host/a.csv")

        assert type(source).__module__.startswith(f"csvdynamo_airflow.source.{kind.name}")
        assert all(callable(getattr(source, part)) for part in ("admit", "refuse_beforehand", "fetch"))


def test_no_scheme_is_of_two_kinds() -> None:
    schemes = [scheme for kind in KINDS for scheme in kind.schemes]

    assert len(set(schemes)) == len(schemes)


def test_a_toy_is_landed_as_any_source(dataset: Dataset, s3: Any, tmp_path: Path) -> None:
    told_bytes: list[int] = []

    landed = fetch(f" {URL}\n", dataset, s3, tmp_path, report_progress=lambda done, _total: told_bytes.append(done))

    stored = s3.get_object(Bucket=BUCKET, Key=landed.key)["Body"].read()
    assert stored == DRAWER[URL]
    assert (landed.url, landed.bytes, landed.sha256) == (URL, len(stored), sha256(stored).hexdigest())
    assert (landed.etag, landed.last_modified) == ('"wood"', None)
    assert told_bytes[-1] == len(stored)


@pytest.mark.parametrize(
    ("url", "error", "told_of_it"),
    [
        ("toy://attic/cars.csv", SourceUrlError, "lies in another drawer"),
        ("toy://drawer/gone.csv", DownloadError, "is not in the drawer"),
        ("toy://drawer/empty.csv", Exception, "toy://drawer/empty.csv is empty"),
        ("toy://jo:" + "hunter2@drawer/cars.csv", SourceUrlError, "Make an Airflow connection"),
        ("toys://drawer/cars.csv", SourceUrlError, "toys:// is a scheme that cannot be read"),
    ],
)
def test_a_toy_is_refused_by_its_own_words_and_by_those_of_every_source(
    dataset: Dataset, s3: Any, tmp_path: Path, url: str, error: type[Exception], told_of_it: str
) -> None:
    with pytest.raises(error, match=re.escape(told_of_it)):
        fetch(url, dataset, s3, tmp_path)


def test_a_toy_has_the_data_sets_limit(dataset: Dataset, s3: Any, tmp_path: Path) -> None:
    small = replace(dataset, source=replace(dataset.source, max_bytes=10))

    with pytest.raises(FileTooLargeError):
        fetch(URL, small, s3, tmp_path)


def test_a_data_set_file_may_name_a_toy_and_asks_no_host_for_it(dataset: Dataset) -> None:
    assert (dataset.source.url, dataset.source.allowed_hosts) == (URL, ())


def is_valid(url: str) -> bool:
    return Draft202012Validator(source_url_schema()).is_valid(url)


@pytest.mark.parametrize(("url", "taken"), [(URL, True), ("toy://jo:" + "hunter2@drawer/cars.csv", False)])
def test_the_trigger_form_takes_a_toy_without_a_user(toy: None, url: str, taken: bool) -> None:
    assert is_valid(url) is taken
    assert ", or a toy of the drawer, or what the worker" in told_in_form()


def test_the_trigger_form_tells_of_every_kind(dataset: Dataset) -> None:
    from csvdynamo_airflow.dag import make_dag

    form = make_dag(dataset).params.get_param("source_url")

    assert form.description.startswith(f"Where the CSV is: {told_in_form()}. It may be gzipped.")
    assert all(kind.told in form.description for kind in (HTTP, TOY, LOCAL))


def test_a_kind_whose_readers_take_any_slashes_has_no_user_behind_them_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert is_valid("toy:/jo:" + "hunter2@drawer/cars.csv")
    monkeypatch.setattr(sources, "KINDS", (HTTP, replace(TOY, any_slashes=True), LOCAL))

    for url in ("toy:/jo:" + "hunter2@drawer/cars.csv", "TOY:jo@drawer", "https:/jo:" + "hunter2@host/"):
        assert not is_valid(url)


def test_a_command_lets_a_toy_read_no_file_and_tells_beforehand_what_can_be_told(dataset: Dataset) -> None:
    assert local_settings(URL) == {LOCAL_FOLDER: ""}
    refuse_beforehand(URL, dataset, LocalUse())
    with pytest.raises(SourceUrlError, match="another drawer"):
        refuse_beforehand("toy://attic/cars.csv", dataset, LocalUse())


def test_what_one_kind_admitted_no_other_kind_fetches(s3: Any, tmp_path: Path) -> None:
    """The path of a file URL may look like an address, for which its host was never held against the rules."""
    dataset = Dataset("cars", Source("https://example.org/a.csv", "a.csv"), Table("tb_cars", "ID"))

    with serve(Answer(body=b"ID\n1\n")) as server:
        hosts = local_hosts(server.url)
        for url in (f"file:{quote(server.url, safe='')}", f"FILE:{server.url}"):
            with pytest.raises(DownloadError, match="does not exist on this worker"):
                fetch(url, dataset, s3, tmp_path, local=LocalUse(tmp_path, hosts), sleep=lambda _seconds: None)

    assert server.requests == []


def test_without_its_row_a_toy_is_no_source(s3: Any, tmp_path: Path) -> None:
    with pytest.raises(SourceUrlError, match="toy:// is a scheme that cannot be read"):
        source_for(URL)
