"""The routes of the Migrations page, as an application that Airflow's API server mounts.

Who asks is Airflow's user, by its cookie or its token; each route asks Airflow whether that user may read the DAG that
it shows. What cells and messages hold is for those who may read what the DAG's tasks returned.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from fastapi import Depends, FastAPI, HTTPException, Path, Query, status
from fastapi.responses import StreamingResponse
from fastapi.staticfiles import StaticFiles

from csvdynamo_airflow.documents.run_line import RunLine
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.web.documents import DataSetRow, RejectExample, RunPage
from csvdynamo_airflow.web.runs import Runs, UnknownRunError

PREFIX = "/csvdynamo"
"""Where Airflow's API server mounts it."""

_MAY_READ_RUNS = Depends(requires_access_dag("GET", DagAccessEntity.RUN))
_MAY_READ_VALUES = Depends(requires_access_dag("GET", DagAccessEntity.XCOM))
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
}
# A page of the bucket is shown, as a document that may do nothing in the place of Airflow's UI.
_SHOWN = {
    "html": {
        "Content-Disposition": "inline",
        "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    }
}

DagId = Annotated[str, Path(description="The data set's DAG.")]
RunId = Annotated[str, Path(description="The DAG run.")]


def make_app(page: FilePath) -> FastAPI:
    """Make the application.

    Args:
        page: The folder of the page's bundle.
    """
    read = Runs()
    app = FastAPI(title="csvdynamo", description="What became of the rows of each run.")
    app.mount("/page", StaticFiles(directory=page, check_dir=False))

    @app.get("/api/datasets", summary="The data sets whose DAGs the user may read, with their last runs.")
    def datasets(user: GetUserDep) -> list[DataSetRow]:
        ids = read.dag_ids()
        return read.rows(get_auth_manager().filter_authorized_dag_ids(dag_ids=ids, user=user, method="GET"))

    @app.get(
        "/api/dags/{dag_id}/runs",
        summary="The runs of a data set that reported, the newest first.",
        dependencies=[_MAY_READ_RUNS],
    )
    def run_lines(dag_id: DagId, limit: Annotated[int, Query(ge=1, le=500)] = 500) -> list[RunLine]:
        with _told():
            return list(read.lines(dag_id)[:limit])

    @app.get("/api/dags/{dag_id}/runs/{run_id}", summary="A run: its report.", dependencies=[_MAY_READ_RUNS])
    def run(dag_id: DagId, run_id: RunId) -> RunPage:
        with _told():
            return read.page(dag_id, run_id)

    @app.get(
        "/api/dags/{dag_id}/runs/{run_id}/examples",
        summary="A few rejects of each code of a run.",
        dependencies=[_MAY_READ_VALUES],
    )
    def examples(dag_id: DagId, run_id: RunId) -> list[RejectExample]:
        with _told():
            return read.examples(dag_id, run_id)

    @app.get(
        "/api/dags/{dag_id}/runs/{run_id}/files/{name}",
        summary="A file that a run left, such as rejects.csv.",
        dependencies=[_MAY_READ_VALUES],
    )
    def file(dag_id: DagId, run_id: RunId, name: str) -> StreamingResponse:
        with _told():
            size, chunks = read.file(dag_id, run_id, name)
        kind = name.rpartition(".")[2]
        headers = {
            "Content-Length": str(size),
            # Or Airflow packs it on the way, which holds up all else that its API server does, and hides the size.
            "Content-Encoding": "identity",
            "X-Content-Type-Options": "nosniff",
            **_SHOWN.get(kind, {}),
        }
        headers.setdefault("Content-Disposition", f'attachment; filename="{name}"')
        media = _TYPES.get(kind, "application/octet-stream")
        return StreamingResponse(chunks, media_type=media, headers=headers)

    return app


@contextmanager
def _told() -> Iterator[None]:
    """Answer with a status what cannot be read."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow to import

    try:
        yield
    except UnknownRunError as error:
        raise HTTPException(status.HTTP_404_NOT_FOUND, str(error)) from error
    except (MigrationError, BotoCoreError, ClientError) as error:
        raise HTTPException(status.HTTP_502_BAD_GATEWAY, str(error)) from error
