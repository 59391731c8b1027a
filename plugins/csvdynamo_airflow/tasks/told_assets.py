"""The assets that other DAGs can be scheduled on: their consumers are told of each thing that a run made, once."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow.sdk import Asset, AssetAlias

from csvdynamo.aws.stored_object import read_object
from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.naming import reports_prefix
from csvdynamo_airflow.tasks.connections import client

TOLD_FILE = "told.json"
"""Beside a run's report: the execution that consumers of the table were told of, and how often it was redriven."""

TOLD_ERROR_FILES = "told_error_files.json"
"""Likewise: the error files that consumers of theirs were told of, with their digests."""

log = shown_log(__name__)


@dataclass(frozen=True)
class News:
    """Something that a run made.

    Attributes:
        bucket: The bucket.
        note_key: Where it is noted there that consumers were told of it.
        made: What tells it from what the same run made before, as JSON.
    """

    bucket: str
    note_key: str
    made: Any

    def is_untold(self) -> bool:
        """Tell whether no one was told of it yet.

        A run that is cleared after its success attaches to the same execution, and makes nothing new. Where the bucket
        does not say what was told, it counts as not told: consumers who are told twice lose nothing.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow; the DAG file needs none of it

        s3 = client("s3")
        try:
            told = json.loads(read_object(s3, self.bucket, self.note_key))
        except (s3.exceptions.NoSuchKey, ValueError):
            return True
        except (BotoCoreError, ClientError) as error:
            told = f"s3://{self.bucket}/{self.note_key}"
            log.warning("Whether consumers were told already could not be read, of %s: %s", told, error)
            return True
        return bool(told != self.made)

    def note(self) -> None:
        """Note that consumers were told of it."""
        client("s3").put_object(Bucket=self.bucket, Key=self.note_key, Body=json.dumps(self.made).encode())


@dataclass(frozen=True)
class ToldAsset:
    """An asset, and the task that tells its consumers.

    Its name is its URI: Airflow takes no other URI for a name that it knows, and a data set may change its table. For a
    scheme without "x-" Airflow imports every provider's asset handlers, boto3 with them, at each parse.

    Attributes:
        asset: The asset.
        alias: The task's outlet: one that is an asset has an event at each success, one of an alias those that are
            added.
        find: Finds what the run made, once the task has ended; None if there is nothing.
    """

    asset: Asset
    alias: AssetAlias
    find: Callable[[Mapping[str, Any]], News | None]

    def tell(self, context: Mapping[str, Any], news: News | None, extra: Mapping[str, Any]) -> None:
        """Let the task's success be an event of the asset, if consumers do not know yet.

        Args:
            context: The task's context.
            news: What the run made, None for nothing.
            extra: What consumers are told with it.
        """
        if news is not None and news.is_untold():
            context["outlet_events"][self.alias].add(self.asset, extra=dict(extra))

    def note_told(self, context: Mapping[str, Any]) -> None:
        """Note what was told once Airflow has the success and its event: a worker that dies before tells it again."""
        if context["outlet_events"][self.alias].asset_alias_events and (news := self.find(context)):
            news.note()


def table_asset(dataset: Dataset) -> ToldAsset:
    """Make the asset of the table's rows: told of those that were written, and of items that were deleted."""

    def find(context: Mapping[str, Any]) -> News | None:
        prepared, report = (context["ti"].xcom_pull(task_ids=task_id) for task_id in ("prepare", "report"))
        return written_rows(dataset.name, prepared, report)

    return ToldAsset(Asset(f"x-dynamodb://{dataset.table.name}"), AssetAlias(f"csvdynamo_{dataset.name}"), find)


def error_files_asset(dataset: Dataset) -> ToldAsset:
    """Make the asset of the data set's error files: told of those of each run that has some, whatever became of it."""

    def find(context: Mapping[str, Any]) -> News | None:
        return error_files(context["ti"].xcom_pull(task_ids="report"))

    name = f"csvdynamo_{dataset.name}_error_files"
    return ToldAsset(Asset(f"x-error-files://{dataset.name}"), AssetAlias(name), find)


def written_rows(dataset_name: str, prepared: Mapping[str, Any], report: Mapping[str, Any]) -> News | None:
    """Find what a run changed in the table: the rows that it wrote, the items that it deleted.

    Args:
        dataset_name: The data set.
        prepared: What prepare returned.
        report: What report returned.
    """
    deleted = (report.get("changes") or {}).get("deleted", 0)
    if not report["ledger"]["written"] and not deleted:
        return None
    file = Prepared.from_json(prepared)
    return News(file.bucket, reports_prefix(dataset_name, file.execution_name) + TOLD_FILE, report["execution"])


def error_files(report: Mapping[str, Any]) -> News | None:
    """Find the error files of a run, beside its report.

    Args:
        report: What report returned.
    """
    files = report["error_files"]
    if not files:
        return None
    bucket = next(iter(files)).removeprefix("s3://").partition("/")[0]
    return News(bucket, f"{report['key'].rpartition('/')[0]}/{TOLD_ERROR_FILES}", files)
