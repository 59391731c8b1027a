"""Hostile requests to what the plugin has on HTTP: the trigger form of its DAGs, with Airflow's real API and database.

Each is refused with a sentence, or makes a run whose first task refuses it or takes exactly what was written.
"""

import base64
import copy
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException
from hypothesis import example, given
from hypothesis import strategies as st

from commands.airflow_home import airflow_environment, make_airflow_home
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo_airflow.dag import make_dag
from csvdynamo_airflow.parameters import PARAMETERS
from csvdynamo_airflow.tasks import rollback_step, steps
from local_aws.access_key import AccessKey
from local_aws.environment import client_environment
from tests.fuzz.hostile_documents import TEXTS, changed, json_bytes, nested, spoilt, values
from tests.fuzz.typed_errors import fuzz, hold_message, result_or_error
from tests.support.talking import Talk, talking

ROOT = Path(__file__).parents[2]
RUNS = "/api/v2/dags/csvdynamo_ev_population/dagRuns"
URL = "https://data.wa.gov/api/views/f6w7-q2d2/rows.csv?accessType=DOWNLOAD"
BODY = {"logical_date": None, "conf": {"source_url": URL, "dry_run": True, "force": False, "accept_source": True}}
NOWHERE = client_environment(9, AccessKey.drawn())


@dataclass
class Api:
    """Airflow's REST API in a child process.

    Attributes:
        made: How many runs it has made.
    """

    talk: Talk
    made: int = 0

    def runs(self) -> int:
        """How many runs there are, by the list that the UI shows."""
        status, text = self.call(RUNS, method="GET")
        assert status == 200, text
        return int(json.loads(text)["total_entries"])

    def call(self, path: str, body: bytes = b"", method: str = "POST") -> tuple[int, str]:
        request = {"method": method, "path": path, "body": base64.b64encode(body).decode()}
        answer = self.talk(request)
        self.made += method == "POST" and answer["status"] == 200
        return answer["status"], answer["text"]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    home = make_airflow_home(tmp_path_factory.mktemp("airflow"))
    environment = airflow_environment(home, NOWHERE) | {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True"}
    with talking("tests.fuzz.airflow_api", [], environment, home / "api.log") as talk:
        yield Api(talk)


class FirstTask:
    """The task download of the DAG, as a worker runs it, with what it would download instead of doing so."""

    def __init__(self) -> None:
        self.task: Any = make_dag(load_dataset(ROOT / "datasets" / "ev_population.toml")).get_task("download")
        self.params = copy.deepcopy((self.task.dag.params, self.task.params))

    def run(self, conf: dict[str, Any] | None) -> Any:
        from airflow.sdk.definitions.param import process_params

        task = self.task
        # Airflow keeps in them what a run was given. A new process has them as they were written.
        task.dag.params, task.params = copy.deepcopy(self.params)
        params = process_params(task.dag, task, conf, suppress_exception=False)
        asked: list[Any] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(steps, "download_source", lambda dataset, url, run_id, **_: asked.append(url))
            patch.setattr(rollback_step, "land_rollback", lambda dataset, params: asked.append(params["source_url"]))
            error = result_or_error(
                lambda: task.python_callable("ev_population", params=params, run_id="run", task=task),
                AirflowFailException,
            )
        return error if isinstance(error, AirflowFailException) else asked[0]


@pytest.fixture(scope="module")
def first_task() -> FirstTask:
    return FirstTask()


def beyond_airflow(body: bytes) -> bool:
    """Tell a body at which Airflow's own API gives up before it looks at the DAG.

    That is no UTF-8, hundreds of levels, and numbers that Python has and JSON has not.
    """
    try:
        text = body.decode()
        document = json.loads(text)
    except (UnicodeDecodeError, RecursionError):
        return True
    except ValueError:
        return max(text.count("["), text.count("{")) > 200
    try:
        json.dumps(document, allow_nan=False)
    except (ValueError, RecursionError):
        return True
    return max(text.count("["), text.count("{")) > 200


def hold(api: Api, first_task: FirstTask, body: bytes) -> None:
    status, text = api.call(RUNS, body)

    assert "Traceback" not in text
    if status == 500 and beyond_airflow(body):
        assert text == "Internal Server Error"
        assert api.runs() == api.made
        return
    assert status in {200, 400, 409, 422}, (status, text)
    if status != 200:
        assert json.loads(text)["detail"]
        return
    conf = json.loads(text)["conf"] or {}
    taken = first_task.run(conf)
    if set(conf) - set(PARAMETERS):
        assert isinstance(taken, AirflowFailException)
        hold_message(taken)
    else:
        assert taken == conf.get("source_url", URL)


def test_the_request_that_is_made_hostile_makes_a_run(api: Api, first_task: FirstTask) -> None:
    assert api.call(RUNS, json_bytes(BODY))[0] == 200
    assert first_task.run(BODY["conf"]) == URL


_CONFS = st.one_of(
    changed(BODY["conf"]),
    st.fixed_dictionaries({"source_url": st.sampled_from(TEXTS) | values()}),
    st.dictionaries(st.sampled_from(["sourceurl", "Source_URL", "source_url ", *TEXTS]), values(), max_size=3),
)


@fuzz(0.6)
@given(conf=_CONFS)
@example(conf={"source_url": "{{ var.value.secret }}"})
@example(conf={"source_url": ["https://example.com/x.csv"]})
@example(conf={"source_url": "x" * 1_000_000})
@example(conf={"source_url": URL, "dry_run": "true"})
@example(conf={"source_url": URL.replace("https://", "https://jo:" + "hunter2@")})
@example(conf={"dryrun": True})
@example(conf={"source_url": nested(400)})
@example(conf={"x": nested(400)})
@example(conf={"\ud800": ""})
@example(conf={"x": math.nan})
@example(conf={"source_url": math.inf})
def test_a_hostile_configuration_is_refused_or_taken_as_it_is_written(
    api: Api, first_task: FirstTask, conf: Any
) -> None:
    hold(api, first_task, json_bytes({**BODY, "conf": conf}))


@fuzz(0.5)
@given(body=changed(BODY).map(json_bytes) | spoilt(json_bytes(BODY)) | changed(BODY).map(json_bytes).flatmap(spoilt))
def test_a_hostile_request_is_refused_with_a_sentence(api: Api, first_task: FirstTask, body: bytes) -> None:
    hold(api, first_task, body)
