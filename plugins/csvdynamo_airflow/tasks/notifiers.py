"""Makes the notifiers that a data set file names; when Airflow reads the DAG, too, so that a wrong one is told then.

A data set without one imports nothing for it.
"""

from pkgutil import resolve_name
from typing import TYPE_CHECKING

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.errors import DatasetError

if TYPE_CHECKING:
    from airflow.sdk.bases.notifier import BaseNotifier


def refuse_wrong_notifiers(dataset: Dataset) -> None:
    """Make each notifier of a data set, to see whether it can be made.

    Args:
        dataset: The data set.

    Raises:
        DatasetError: One cannot (`make_notifier`).
    """
    for name in dataset.notify:
        make_notifier(dataset, name)


def make_notifier(dataset: Dataset, name: str) -> "BaseNotifier":
    """Make a notifier of a data set.

    Args:
        dataset: The data set.
        name: The name that its file gives the notifier.

    Raises:
        DatasetError: There is no such class, it is no notifier, or it takes no such arguments.
    """
    from airflow.sdk.bases.notifier import BaseNotifier  # noqa: PLC0415 - not where a data set names none

    one, place = dataset.notify[name], f"datasets/{dataset.name}.toml: notify.{name}"
    try:
        made = resolve_name(one.notifier)
    except Exception as error:
        raise DatasetError(
            f"{place}.notifier: {one.notifier} cannot be imported ({type(error).__name__}: {error}): correct the name, "
            "or install its provider on every part of Airflow"
        ) from error
    if not (isinstance(made, type) and issubclass(made, BaseNotifier)):
        raise DatasetError(f"{place}.notifier: {one.notifier} is no notifier of Airflow's (BaseNotifier)")
    try:
        return made(**one.arguments)
    except Exception as error:
        raise DatasetError(f"{place}.arguments: {made.__name__} does not take them: {error}") from error
