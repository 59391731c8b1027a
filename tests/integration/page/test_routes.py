"""The page's routes in Airflow's own API server: who may read what, and what is answered."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from commands.airflow_home import airflow_environment, make_airflow_home
from csvdynamo_airflow.accounting.report import make_report, report_text
from csvdynamo_airflow.accounting.run_list import run_line
from csvdynamo_airflow.documents.run_line import runs_key
from csvdynamo_airflow.outcome.examples import EXAMPLES_FILE
from csvdynamo_airflow.settings import DATASETS_FOLDER
from local_aws.access_key import AccessKey
from local_aws.environment import client_environment
from tests.support.talking import Talk, talking
from tests.unit.plugin.run_findings import migrated

RUN = "manual__2026-11-27T00:30:39.876167+00:00"
VALUE = "<script>alert(1)</script>"
DATASET = """
[source]
url = "https://example.org/{name}.csv"
file_name = "{name}.csv"
[table]
name = "tb_{name}"
partition_key = "id"
"""
CSV = b"_row,_code,id\r\n1,MISSING_KEY,\r\n" * 100_000


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Server:
    """Airflow's API server in a child process."""

    talk: Talk

    def get(self, path: str, user: str = "somebody") -> Answer:
        told = self.talk({"path": path, "user": user})
        return Answer(told["status"], told["headers"], base64.b64decode(told["body"]))


def write_run(folder: Path, name: str) -> None:
    """Write what a run of a data set leaves: its report and what is beside it, and the list that names it."""
    key = f"reports/{name}/{name}-1/report.json"
    findings = replace(migrated(10, rejected=1), dataset=name, run_id=RUN)
    made = make_report(findings, ["3 rows are in batches that failed: E."])
    report = json.loads(report_text(made)) | {"error_files": [f"s3://b/reports/{name}/{name}-1/rejects.csv"]}
    example = {"row": 3, "stage": "validate", "code": "BAD_TYPE", "column": "id", "message": VALUE, "cut": False}
    files = {
        key: json.dumps(report).encode(),
        runs_key(name): json.dumps([run_line(made, key, 1.5).to_json()]).encode(),
        f"reports/{name}/{name}-1/{EXAMPLES_FILE}": json.dumps({**example, "item": {"id": VALUE}}).encode() + b"\n",
        f"reports/{name}/{name}-1/rejects.csv": CSV,
        f"reports/{name}/{name}-1/columns.json": b"{}",
    }
    for path, body in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = make_airflow_home(tmp_path_factory.mktemp("airflow"))
    datasets, objects = tmp_path_factory.mktemp("datasets"), tmp_path_factory.mktemp("objects")
    for name in ("cars", "hidden"):
        write_run(objects / name, name)
    for name in ("cars", "hidden", "undeployed"):
        (datasets / f"{name}.toml").write_text(DATASET.format(name=name))
    (datasets / "wrong.toml").write_text("[source]\n")
    nowhere = client_environment(9, AccessKey.drawn())
    environment = airflow_environment(home, nowhere) | {
        "AIRFLOW__CORE__AUTH_MANAGER": "tests.integration.page.page_auth.PageAuth",
        "AWS_DEFAULT_REGION": "us-east-1",
        DATASETS_FOLDER: str(datasets),
    }
    connection = json.loads(environment["AIRFLOW_CONN_AWS_DEFAULT"])
    del connection["extra"]["endpoint_url"]  # moto answers for AWS itself
    environment["AIRFLOW_CONN_AWS_DEFAULT"] = json.dumps(connection)
    with talking("tests.integration.page.page_api", [str(objects)], environment, home / "api.log") as talk:
        yield Server(talk)


def of_run(dag: str = "csvdynamo_cars", rest: str = "", run: str = RUN) -> str:
    return f"/csvdynamo/api/dags/{dag}/runs/{quote(run, safe='')}{rest}"


EACH = [
    "/csvdynamo/api/datasets",
    "/csvdynamo/api/dags/csvdynamo_cars/runs",
    of_run(),
    of_run(rest="/examples"),
    of_run(rest="/files/rejects.csv"),
]


@pytest.mark.parametrize("path", EACH)
def test_who_is_not_logged_in_reads_nothing(server: Server, path: str) -> None:
    answer = server.get(path, user="")

    assert answer.status == 401
    assert b"cars" not in answer.body


@pytest.mark.parametrize("path", [path.replace("cars", "hidden") for path in EACH[1:]])
def test_who_may_not_read_the_dag_reads_nothing_of_it(server: Server, path: str) -> None:
    assert server.get(path).status == 200
    refused = server.get(path, user="stranger")

    assert refused.status == 403
    assert b"10" not in refused.body


def test_the_list_has_the_data_sets_that_a_user_may_read(server: Server) -> None:
    mine = {row["dataset"]: row for row in server.get("/csvdynamo/api/datasets").json}
    theirs = server.get("/csvdynamo/api/datasets", user="stranger")

    assert list(mine) == ["cars", "hidden", "undeployed"], "a wrong file is Airflow's import error"
    assert b"hidden" not in theirs.body
    assert [row["dataset"] for row in theirs.json] == ["cars", "undeployed"]
    assert [line["run_id"] for line in mine["cars"]["runs"]] == [RUN]
    assert (mine["cars"]["dag_id"], mine["cars"]["table"], mine["cars"]["problem"]) == ("csvdynamo_cars", "tb_cars", "")
    assert mine["undeployed"]["runs"] == []
    assert mine["undeployed"]["problem"].startswith("There is no stack csvdynamo-undeployed")


def test_a_run_is_told_with_its_sentence_and_what_to_do(server: Server) -> None:
    told = server.get(of_run()).json

    assert told["sentence"] == "The run is red: 10 rows, 9 written, 1 rejected."
    assert [entry["title"] for entry in told["advice"]] == ["Batches failed"]
    assert (told["line"]["run_id"], told["report"]["run_id"], told["table"]) == (RUN, RUN, "tb_cars")
    assert told["files"] == ["rejects.csv"]
    assert told["links"]["execution"].startswith("https://")


def test_values_are_for_those_who_may_read_what_tasks_returned(server: Server) -> None:
    for rest in ("/examples", "/files/rejects.csv"):
        assert server.get(of_run(rest=rest), user="no_values").status == 403
    assert VALUE.encode() not in server.get(of_run(), user="no_values").body

    [example] = server.get(of_run(rest="/examples")).json
    assert (example["item"], example["message"], example["code"]) == ({"id": VALUE}, VALUE, "BAD_TYPE")


def test_a_file_is_given_whole_and_as_a_file(server: Server) -> None:
    answer = server.get(of_run(rest="/files/rejects.csv"))

    assert answer.body == CSV
    assert answer.headers["content-length"] == str(len(CSV)), "it is packed on the way"
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="rejects.csv"'
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        of_run(run="manual__another"),
        of_run(dag="csvdynamo_nothing"),
        of_run(dag="another_dag"),
        of_run(rest="/files/columns.json"),
        of_run(rest="/files/..%2F..%2Fruns.json"),
        of_run(rest="/files/runs.json"),
    ],
)
def test_what_there_is_not_is_not_found(server: Server, path: str) -> None:
    assert server.get(path).status == 404


def test_a_data_set_without_a_stack_says_so(server: Server) -> None:
    answer = server.get("/csvdynamo/api/dags/csvdynamo_undeployed/runs")

    assert answer.status == 502
    assert "There is no stack csvdynamo-undeployed" in answer.json["detail"]


def test_the_routes_are_documented(server: Server) -> None:
    document = server.get("/csvdynamo/openapi.json").json

    assert len(document["paths"]) == 5
    for methods in document["paths"].values():
        assert methods["get"]["summary"].endswith(".")
    assert document["components"]["schemas"]["RunPage"]["properties"]["sentence"]["description"]
