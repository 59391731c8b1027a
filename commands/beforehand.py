"""What is told before a command starts anything, by the rules of what would find it out only minutes later."""

from pathlib import Path

from commands.local_source import local_path, local_settings
from commands.project import fail, make_build_folder
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.sources import S3, has_user, kind_of
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.settings import local_use, retry_seconds
from csvdynamo_airflow.source.download import refuse_beforehand


def refuse_settings() -> None:
    """Make the folder for what the command writes; end it with a sentence if a setting of its DAGs is wrong."""
    make_build_folder()
    try:
        retry_seconds()
    except MigrationError as error:
        fail(str(error))


def readable_source(asked: str, dataset: Dataset) -> str:
    """End the command with a sentence if the task download would refuse a source without asking another machine.

    Args:
        asked: A URL, or a file's path.
        dataset: The data set.

    Returns:
        The URL, or the file's whole path: the command runs here, the DAG elsewhere, and it must mean the same to both.
    """
    try:
        is_url = "://" in asked or has_user(asked)
        source = asked if is_url else str(local_path(asked))
        if not is_url and not Path(source).exists():
            fail(f"{asked}: there is no such file.")
        refuse_beforehand(source, dataset, local_use(local_settings(source)))
    except MigrationError as error:
        fail(str(error))
    return source


def object_to_lay(source: str, asked: str) -> Path | None:
    """End the command with a sentence unless an object of S3, and nothing else, comes with the file that it is to be.

    Args:
        source: A source that may be read.
        asked: The file's path; empty: none.

    Returns:
        The file's whole path; None of another source.
    """
    if kind_of(source) is not S3:
        if asked:
            fail("OBJECT=… is the file that lies at SOURCE=s3://bucket/key. Of another source, leave it out.")
        return None
    if not asked:
        fail("The embedded AWS begins empty: say with OBJECT=path which file is to lie at SOURCE.")
    path = Path(asked).expanduser().resolve()
    if not path.is_file():
        fail(f"OBJECT={asked}: there is no such file.")
    return path
