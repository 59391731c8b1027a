"""What of the page is there to be mounted: without its bundle, or in an Airflow that lacks what it needs, nothing.

A DAG runs without its page: nothing here raises.
"""

import hashlib
from pathlib import Path
from typing import Any

from csvdynamo_airflow.logs import shown_log

BUNDLE = Path(__file__).parents[1] / "page" / "main.umd.js"
"""The page's bundle, which ``make ui``, ``make mwaa`` and the image's build make of ``page/``."""

log = shown_log(__name__)


def fastapi_apps() -> list[dict[str, Any]]:
    """Give the routes to Airflow's API server."""
    try:
        from csvdynamo_airflow.web.app import PREFIX, make_app  # noqa: PLC0415 - slow, and not in every Airflow

        return [{"app": make_app(BUNDLE.parent), "url_prefix": PREFIX, "name": "csvdynamo"}]
    except Exception as error:
        log.warning("The Migrations page has no routes in this Airflow: %s", error)
        return []


def react_apps() -> list[dict[str, Any]]:
    """Give the page's places to Airflow's UI: in the menu, and a tab of each DAG run."""
    if not BUNDLE.is_file():
        log.warning("The Migrations page is not built: %s is not there. make ui builds it.", BUNDLE)
        return []
    # Relative, for an Airflow below a path; a browser that has another version's bundle asks for this one.
    version = hashlib.sha256(BUNDLE.read_bytes()).hexdigest()[:12]
    url = f"csvdynamo/page/{BUNDLE.name}?v={version}"
    return [
        {
            "name": "Migrations",
            "bundle_url": url,
            "destination": "nav",
            "url_route": "migrations",
            "nav_top_level": True,
        },
        {"name": "Migration", "bundle_url": url, "destination": "dag_run", "url_route": "migration"},
    ]
