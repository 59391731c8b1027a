"""Airflow's users for the tests of the page's routes, some of whom may read less than others."""

from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager


class PageAuth(SimpleAuthManager):
    """Simple users: ``stranger`` may not read the DAG of the data set ``hidden``, and ``no_values`` no XCom."""

    def is_authorized_dag(self, *, user: Any, access_entity: Any = None, details: Any = None, **asked: Any) -> bool:
        """Say whether a user may do something with a DAG."""
        if user.username == "stranger" and details is not None and details.id == "csvdynamo_hidden":
            return False
        if user.username == "no_values" and access_entity is DagAccessEntity.XCOM:
            return False
        return super().is_authorized_dag(user=user, access_entity=access_entity, details=details, **asked)
