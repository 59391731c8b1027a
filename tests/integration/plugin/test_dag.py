"""The DAG of a data set, as Airflow sees it."""

import html
import itertools
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pendulum
import pytest
from airflow.sdk import DAG, AssetAlias
from airflow.sdk.exceptions import AirflowFailException, ParamValidationError
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import DataInterval, TimeRestriction
from markdown_it import MarkdownIt

from csvdynamo.datasets.dataset import DagSettings, Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.datasets.hosts import HostRule
from csvdynamo.datasets.objects import ObjectRule
from csvdynamo_airflow.dag import make_dag
from csvdynamo_airflow.tasks import steps
from csvdynamo_airflow.tasks.run_documents import RunDocuments
from tests.integration.plugin.task_calls import TaskInstance

ROOT = Path(__file__).parents[3]
ORDER = ["download", "prepare", "start", "wait", "fetch_error_files", "verify", "reconcile", "report", "accounted"]
ALWAYS = {"fetch_error_files", "verify", "reconcile", "report", "accounted"}


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset(ROOT / "datasets" / "ev_population.toml")


@pytest.fixture(scope="module")
def dag(dataset: Dataset) -> DAG:
    return make_dag(dataset)


def test_the_tasks_are_one_chain_with_one_leaf(dag: DAG) -> None:
    assert sorted(dag.task_ids) == sorted(ORDER)
    assert [task.task_id for task in dag.leaves] == ["accounted"]
    for before, after in itertools.pairwise(ORDER):
        assert before in dag.get_task(after).upstream_task_ids
    assert dag.get_task("accounted").get_flat_relative_ids(upstream=True) == set(ORDER[:-1])


def test_what_the_tasks_left_is_told_in_the_order_in_which_they_come(dag: DAG) -> None:
    """Airflow tells them in the order of their names; what the first one failed with is the cause."""
    instance = TaskInstance()
    instance.states = dict.fromkeys(sorted(ORDER), "failed")
    context = {"ti": instance, "dag": dag, "params": {"dry_run": False}}

    told = RunDocuments.before("report", context).tasks

    assert [task.task_id for task in told] == ORDER[: ORDER.index("report")]


def test_the_tasks_that_tell_what_was_left_run_whatever_the_others_did(dag: DAG) -> None:
    rules = {task.task_id: task.trigger_rule.value for task in dag.tasks}

    assert rules == {task: "all_done" if task in ALWAYS else "all_success" for task in ORDER}


def test_every_task_is_retried(dag: DAG, dataset: Dataset) -> None:
    """The verdict, too: it fails a run at once, but a worker that dies must not."""
    assert {task.task_id: task.retries for task in dag.tasks} == dict.fromkeys(ORDER, 3)
    for task in dag.tasks:
        assert task.retry_exponential_backoff
        assert task.max_retry_delay == timedelta(minutes=15)


def test_the_first_retrys_delay_is_a_setting(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSVDYNAMO_RETRY_SECONDS", "1.5")

    assert make_dag(dataset).get_task("download").retry_delay == timedelta(seconds=1.5)


def test_one_run_at_a_time_and_none_for_the_past(dag: DAG) -> None:
    assert (dag.dag_id, dag.max_active_runs, dag.catchup) == ("csvdynamo_ev_population", 1, False)


def test_schedule_owner_and_tags_are_the_data_sets(dataset: Dataset) -> None:
    own = replace(dataset, dag=DagSettings(schedule="15 3 * * 1", owner="cars", tags=("vehicles",)))

    dag = make_dag(own)

    assert dag.schedule == "15 3 * * 1"
    assert dag.tags == {"csvdynamo", "vehicles"}
    assert {task.owner for task in dag.tasks} == {"cars"}


def slots(dag: DAG, first: datetime, last: datetime, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the moments (UTC) for which a scheduler that looks every half hour makes a run, as Airflow's does.

    It has the DAG as it is stored in Airflow's database, and had made every run before the first moment.
    """
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    restriction = TimeRestriction(pendulum.instance(dag.start_date), None, dag.catchup)
    now, made = pendulum.instance(first), []
    monkeypatch.setattr("airflow.timetables.trigger.utcnow", lambda: now)
    done = DataInterval.exact(now)
    while now <= last:
        following = timetable.next_dagrun_info(last_automated_data_interval=done, restriction=restriction)
        if following is not None and following.run_after <= now:
            made.append(following.run_after.in_timezone("UTC").strftime("%m-%d %H:%M"))
            done = following.data_interval
        now += timedelta(minutes=30)
    return made


SPRING = datetime(2026, 3, 7, 0, 5, tzinfo=UTC), datetime(2026, 3, 10, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 31, 0, 5, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "timezone", "days", "made"),
    [
        ("0 6 * * *", "UTC", SPRING, ["03-07 06:00", "03-08 06:00", "03-09 06:00"]),
        ("0 6 * * *", "UTC", AUTUMN, ["10-31 06:00", "11-01 06:00", "11-02 06:00"]),
        # 06:00 in Los Angeles is 14:00 in winter and 13:00 in summer, which lasts from 8 March to 1 November 2026.
        ("0 6 * * *", "America/Los_Angeles", SPRING, ["03-07 14:00", "03-08 13:00", "03-09 13:00"]),
        ("0 6 * * *", "America/Los_Angeles", AUTUMN, ["10-31 13:00", "11-01 14:00", "11-02 14:00"]),
        # On 8 March there is no 02:30: the run is made where it would be had no clock been changed, at 03:30.
        ("30 2 * * *", "America/Los_Angeles", SPRING, ["03-07 10:30", "03-08 10:30", "03-09 09:30"]),
        # On 1 November there are two 01:30, at 08:30 and 09:30: one run is made, at the second.
        ("30 1 * * *", "America/Los_Angeles", AUTUMN, ["10-31 08:30", "11-01 09:30", "11-02 09:30"]),
        ("@daily", "Europe/Berlin", SPRING, ["03-07 23:00", "03-08 23:00", "03-09 23:00"]),
    ],
)
def test_a_schedule_is_in_utc_or_in_the_time_zone_of_the_data_set(
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    schedule: str,
    timezone: str,
    days: tuple[datetime, datetime],
    made: list[str],
) -> None:
    settings = DagSettings(schedule) if timezone == "UTC" else DagSettings(schedule, timezone)
    dag = make_dag(replace(dataset, dag=settings))

    assert slots(dag, *days, monkeypatch) == made
    assert f"The schedule ` {schedule} ` is in the time zone ` {timezone} `." in str(dag.doc_md)


def test_every_hour_is_every_hour_where_the_clocks_are_changed(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    dag = make_dag(replace(dataset, dag=DagSettings("30 * * * *", "America/Los_Angeles")))

    for first in (datetime(2026, 3, 8, 7, 35, tzinfo=UTC), datetime(2026, 11, 1, 7, 35, tzinfo=UTC)):
        hours = [moment.split()[1] for moment in slots(dag, first, first + timedelta(hours=4), monkeypatch)]
        assert hours == ["08:30", "09:30", "10:30", "11:30"]


def test_of_the_past_the_latest_slot_alone_is_made_up_for(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a DAG is unpaused."""
    dag = make_dag(replace(dataset, dag=DagSettings("0 6 * * *", "America/Los_Angeles")))
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    monkeypatch.setattr("airflow.timetables.trigger.utcnow", lambda: pendulum.datetime(2026, 3, 9, 12))

    first = timetable.next_dagrun_info(
        last_automated_data_interval=None,
        restriction=TimeRestriction(pendulum.instance(dag.start_date), None, dag.catchup),
    )

    assert first is not None
    assert first.run_after == datetime(2026, 3, 8, 13, tzinfo=UTC)


def test_a_data_set_without_a_schedule_is_run_by_hand(dataset: Dataset) -> None:
    assert make_dag(replace(dataset, dag=DagSettings(schedule=None))).schedule is None


def test_a_run_has_aliases_to_which_its_assets_are_added_when_it_made_something(dag: DAG) -> None:
    """An outlet that is the asset itself would have an event at each success. See test_accounted.py."""
    assert {task.task_id: task.outlets for task in dag.tasks if task.outlets} == {
        "report": [AssetAlias("csvdynamo_ev_population_error_files")],
        "accounted": [AssetAlias("csvdynamo_ev_population")],
    }


def test_the_form_asks_for_the_source_and_what_is_to_be_done_with_it(dag: DAG, dataset: Dataset) -> None:
    texts, flags = ["replay", "rollback"], ["dry_run", "force", "accept_source"]
    unless_said = {**dict.fromkeys(flags, False), **dict.fromkeys(texts, "")}
    assert dag.params.dump() == {"source_url": dataset.source.url, **unless_said}
    types = {name: dag.params.get_param(name).schema["type"] for name in dag.params}
    # What may be null is not marked as required.
    assert types.pop("source_url") == "string"
    assert types == {**{name: ["string", "null"] for name in texts}, **dict.fromkeys(flags, "boolean")}


def test_the_form_has_the_source_first_and_what_overrules_a_check_in_a_section_of_its_own(dag: DAG) -> None:
    sections = {name: dag.params.get_param(name).schema.get("section") for name in dag.params}

    assert list(sections.items()) == [
        ("source_url", None),
        ("dry_run", None),
        ("accept_source", "To overrule a check"),
        ("force", "To overrule a check"),
        ("replay", "To take back the rows that a run left out"),
        ("rollback", "To take a run back"),
    ]


def test_the_form_names_where_the_data_set_may_read_and_offers_each_object_that_it_knows(dataset: Dataset) -> None:
    hosts = tuple(filter(None, map(HostRule.from_text, ("*.example.org", "[::1]:8443"))))
    buckets = tuple(filter(None, map(ObjectRule.from_text, ("s3://cars/all/", "s3://cars/one.csv"))))
    source = replace(dataset.source, hosts=hosts, buckets=buckets)

    form: Any = make_dag(replace(dataset, source=source)).params.get_param("source_url")

    told = "The data set file allows data.wa.gov, *.example.org, [::1]:8443, s3://cars/all/, s3://cars/one.csv."
    assert told in form.description
    assert form.schema["examples"] == [source.url, "s3://cars/one.csv"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"source_url": ""},
        {"source_url": None},
        {"source_url": "x" * 4097},
        {"source_url": "https://example.com/\x00"},
        {"source_url": "https://jo:" + "hunter2@example.com/a.csv"},
        {"source_url": "https://" + "token@example.com/a.csv"},
        {"source_url": "htps://example.com/a.csv"},
        {"dry_run": "yes"},
        {"force": 1},
        {"accept_source": "no"},
        {"replay": 1},
        {"replay": "r" * 251},
        {"rollback": True},
    ],
)
def test_the_form_refuses_other_values(dataset: Dataset, wrong: dict[str, Any]) -> None:
    params = make_dag(dataset).params
    [(name, value)] = wrong.items()

    with pytest.raises(ParamValidationError):
        params[name] = value


@pytest.mark.parametrize("nothing", ["", None])
def test_a_run_that_is_named_none_replays_none(dag: DAG, monkeypatch: pytest.MonkeyPatch, nothing: str | None) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(steps, "download_source", lambda *_, replay, **__: asked.append(replay))
    monkeypatch.setattr(steps, "prepare_source", lambda *_, replay, **__: asked.append(replay))
    monkeypatch.setattr("csvdynamo_airflow.dag.keep_for_lineage", lambda *_, **__: None)
    flags = dict.fromkeys(("dry_run", "force", "accept_source"), False)
    context = {
        "params": {"source_url": "u", "replay": nothing, "rollback": nothing, **flags},
        "run_id": "run",
        "ti": None,
    }

    for task_id, landed in (("download", {}), ("prepare", {"landed": None})):
        task: Any = dag.get_task(task_id)
        task.python_callable("ev_population", **landed, **context, task=task)

    assert asked == ["", ""]


def test_a_parameter_that_there_is_not_fails_the_first_task_before_anything_is_downloaded(
    dag: DAG, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "download_source", lambda *_, **__: pytest.fail("it downloaded"))
    params = {"source_url": "https://example.com/", "dry_run": False, "force": False, "dryrun": True}
    task: Any = dag.get_task("download")

    with pytest.raises(
        AirflowFailException, match="'dryrun', but the parameters are source_url, dry_run, force, accept_source"
    ):
        task.python_callable("ev_population", params=params, run_id="run")


def test_the_tasks_that_match_patterns_do_not_run_for_ever(dag: DAG) -> None:
    limited = {task.task_id for task in dag.tasks if task.execution_timeout is not None}

    assert limited >= {"prepare", "verify"}


def test_the_scheduler_can_store_it(dag: DAG) -> None:
    stored = DagSerialization.to_dict(dag)

    assert {task["__var"]["task_id"] for task in stored["dag"]["tasks"]} == set(ORDER)


def test_its_page_names_file_table_and_every_task(dag: DAG, dataset: Dataset) -> None:
    assert dag.doc_md is not None
    for name in (dataset.source.file_name, dataset.table.name, *ORDER):
        assert name in dag.doc_md


HOSTILE = "`<img src=x onerror=alert(1)>`**[x](javascript:alert(1))** | <b>a.csv"


def test_a_hostile_file_name_or_url_is_no_markup_where_the_ui_renders_markdown(dataset: Dataset) -> None:
    url = f"https://example.org/?q={HOSTILE.replace(' ', '')}"
    source = replace(dataset.source, file_name=HOSTILE, url=url)

    hostile = make_dag(replace(dataset, source=source))

    assert hostile.doc_md is not None
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(hostile.doc_md)
    assert f"<code>{html.escape(HOSTILE)}</code>" in page.replace("&quot;", '"')
    ours = f'<a href="plugin/migrations/{hostile.dag_id}">Migrations</a>'
    assert ours in page
    assert not re.search(r"<(img|a|b|strong|script)\b", page.replace(ours, ""))
    # The rest is text to the UI: https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/params.html
    assert not any(task.doc_md for task in hostile.tasks)
    assert not any("description_md" in hostile.params.get_param(name).schema for name in hostile.params)


PARSE = """
import sys
from airflow.sdk import DAG
of_airflow = set(sys.modules)
sys.path.insert(0, "dags")
import csvdynamo_dags
import csvdynamo_dataset_files
own = {"airflow", "csvdynamo", "csvdynamo_airflow", "csvdynamo_dags", "csvdynamo_dataset_files"}
beyond = {name.partition(".")[0] for name in set(sys.modules) - of_airflow} - set(sys.stdlib_module_names) - own
print(sorted(beyond), sorted(name for name in vars(csvdynamo_dags) if name.startswith("csvdynamo_")))
"""


def test_parsing_the_dags_imports_nothing_heavy() -> None:
    done = _python(PARSE)

    # What Airflow's own timetables and triggers import. Neither boto3, DuckDB, pandas, FastAPI nor whatever comes next.
    light = ["asgiref", "croniter", "packaging", "pydantic"]
    assert done.stdout.splitlines()[-1:] == [f"{light} ['csvdynamo_ev_population']"], done.stderr


def _python(program: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a program in a process of its own: what is imported here already would hide what it imports."""
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("src", "plugins", "."))
    environment = {**os.environ, "PYTHONPATH": paths, **settings}
    return subprocess.run(
        [sys.executable, "-c", program], check=False, cwd=ROOT, env=environment, capture_output=True, text=True
    )


PROCESS = """
import sys
from pathlib import Path
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(Path("dags").resolve(), bundle_path=Path("dags").resolve(), bundle_name="dags-folder")
print(sorted(bag.dags))
for path, error in sorted(bag.import_errors.items()):
    print(path, error.strip().splitlines()[-1])
"""


def test_a_data_set_file_that_is_wrong_is_an_import_error_and_costs_no_other_its_dag(
    tmp_path: Path, dataset: Dataset
) -> None:
    good = (ROOT / "datasets" / "ev_population.toml").read_text(encoding="utf-8")
    (tmp_path / "good.toml").write_text(good, encoding="utf-8")
    (tmp_path / "one.toml").write_text("[source]\n", encoding="utf-8")
    (tmp_path / "two.toml").write_text(good + "\n[surprise]\n", encoding="utf-8")

    done = _python(PROCESS, CSVDYNAMO_DATASETS=str(tmp_path))

    lines = done.stdout.splitlines()
    assert "['csvdynamo_good']" in lines, done.stderr
    # The DAGs' own file must have no error: Airflow starts no run of a file that has one.
    [error] = [line for line in lines if line.startswith("csvdynamo_")]
    assert error.startswith("csvdynamo_dataset_files.py")
    assert "two.toml" in error
    assert "one.toml" in done.stdout + done.stderr
