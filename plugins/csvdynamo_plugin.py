"""What Airflow's UI has of csvdynamo: the Migrations page. Every process of Airflow reads this file at its start."""

from functools import cached_property
from typing import Any

from airflow.plugins_manager import AirflowPlugin


class CsvDynamoPlugin(AirflowPlugin):
    """The page and the routes that it asks. Only an API server asks for them, and imports what they need then."""

    name = "csvdynamo"

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The routes."""
        from csvdynamo_airflow.web.mounted import fastapi_apps  # noqa: PLC0415 - slow: only in an API server

        return fastapi_apps()

    @cached_property
    def react_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The page's places in the UI."""
        from csvdynamo_airflow.web.mounted import react_apps  # noqa: PLC0415 - slow: only in an API server

        return react_apps()
