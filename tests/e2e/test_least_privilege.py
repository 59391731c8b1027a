"""The stack on an embedded AWS that enforces IAM and serves TLS: what works, and that no permission could go."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from commands.airflow_user import airflow_variables
from commands.embedded import Deployed
from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.tasks import connections
from csvdynamo_airflow.workflow import other_executions
from tests.e2e.conftest import Airflow
from tests.e2e.least_privilege.airflow_witnesses import AirflowConnection, Tasks
from tests.e2e.least_privilege.announcements import Announcements
from tests.e2e.least_privilege.evidence import UNTOLD, Witness, airflow_witness, service_witness
from tests.e2e.least_privilege.grants import Grant
from tests.e2e.least_privilege.holders import Permissions
from tests.e2e.least_privilege.service_witnesses import Services
from tests.e2e.least_privilege.single_items import SingleItems
from tests.support.stacks import Stacks

# Waits before a retry are all but left out: what is tested is what happens after them.
FAST = {"SFN_WAIT_SCALE": "0.001", "LOCAL_AWS_FIREHOSE_DELAY_SECONDS": "0.2"}
AIRFLOW = "AirflowPolicy"
REFRESHED, NEW = "refreshed_vehicles", "new_vehicles"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secure") / "local-aws.log"


@pytest.fixture(scope="module")
def secure(stacks: Stacks, log: Path) -> Iterator[Deployed]:
    with stacks.copy(log=log, settings=FAST, secure=True) as aws:
        yield stacks.on(aws, "ev_population")


@pytest.fixture(scope="module")
def user(secure: Deployed) -> dict[str, str]:
    return airflow_variables(secure)


@pytest.fixture(scope="module")
def services(secure: Deployed, dataset: Dataset, log: Path) -> Services:
    return Services(secure, Permissions(secure, dataset.stack_name), log)


@pytest.fixture
def tasks(
    dataset: Dataset, services: Services, user: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Tasks:
    monkeypatch.setenv("CSVDYNAMO_LOCAL_FOLDER", str(tmp_path))
    # One of the witnesses stops an execution, and the next one is not to wait for what its function may still do.
    monkeypatch.setattr(other_executions, "STILL_WRITING_SECONDS", 0.0)
    monkeypatch.setattr(connections, "_hook", lambda service: AirflowConnection(service, user))
    return Tasks(dataset, services, user, tmp_path)


def survivors(
    grants: list[Grant], witness_of: Callable[[Grant], Witness | None], permissions: Permissions
) -> list[str]:
    """List the permissions without which everything goes well, or fails without saying what is missing."""
    found = []
    for grant in grants:
        witness = witness_of(grant)
        if (grant.holder, grant.action) in UNTOLD:
            continue
        if witness is None:
            found.append(f"{grant}: no witness knows it: add one to evidence.py")
            continue
        with permissions.without(grant):
            problem = witness()
        if problem is None:
            found.append(f"{grant}: nothing fails without it")
        # S3 answers HEAD with the status alone.
        elif grant.action not in problem and "(403)" not in problem:
            found.append(f"{grant}: it failed without saying so: {problem}")
    return found


def test_the_dag_is_green_with_its_own_policy_and_nothing_else(
    airflow: Airflow, dataset: Dataset, secure: Deployed, user: dict[str, str], vehicles: Any
) -> None:
    source = vehicles([f"{n}" if n != 7 else "" for n in range(40)])

    run = airflow.dags(secure, dataset.name, user).run(source)

    assert run.status == 0, run.output[-2000:]
    assert run.report is not None
    ledger = run.report["ledger"]
    assert (ledger["source_rows"], ledger["written"], ledger["rejected"], ledger["unaccounted"]) == (40, 39, 1, 0)
    assert "not authorized" not in run.output


def test_it_is_served_over_tls_alone(secure: Deployed) -> None:
    assert secure.aws.endpoint.startswith("https://127.0.0.1:")

    with pytest.raises((HTTPException, OSError)):
        urllib.request.urlopen(f"http://127.0.0.1:{secure.aws.port}/_ministack/health", timeout=10)


def test_a_person_uploads_at_the_buckets_root_and_starts_an_execution(secure: Deployed, services: Services) -> None:
    machine, bucket = secure.outputs["MigrationWorkflowStateMachine"], secure.outputs["SourceBucket"]
    iam = secure.client("iam")
    iam.create_user(UserName="person")
    allowed = {
        "s3:PutObject": f"arn:aws:s3:::{bucket}/*",
        "states:StartExecution": machine,
        "states:DescribeExecution": machine.replace(":stateMachine:", ":execution:") + ":*",
    }
    statements = [{"Effect": "Allow", "Action": action, "Resource": arn} for action, arn in allowed.items()]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="person", PolicyName="by-hand", PolicyDocument=policy)
    key = iam.create_access_key(UserName="person")["AccessKey"]
    variables = secure.aws.environment | {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }

    def client(service: str) -> Any:
        return AirflowConnection(service, variables).get_conn()

    ended = services.ended(services.start(client=client), client=client)

    assert ended["status"] == "SUCCEEDED", ended
    output = json.loads(ended["output"])
    assert (output["TOTAL_NUMBER_OF_ITEMS_WRITTEN"], output["TOTAL_NUMBER_OF_ITEMS_IN_ERROR"]) == (1, 1)
    with pytest.raises(ClientError, match="not authorized to perform: s3:GetObject"):
        client("s3").get_object(Bucket=bucket, Key=f"{ended['name']}.csv")


def test_what_is_taken_away_is_all_that_the_template_grants(services: Services) -> None:
    permissions = services.permissions

    assert {holder: permissions.actions(holder) for holder in permissions.holders} == permissions.in_template


def test_every_witness_of_a_service_is_content_as_long_as_nothing_is_missing(services: Services) -> None:
    witnesses = [
        services.run_after_a_turn,
        services.run_before_any_turn,
        services.run_of_short_names,
        services.redrive,
        services.log_destination,
        services.empty_map_run,
        services.rejects_arrive,
        services.misfiled_records_arrive,
        services.refused_deliveries_are_logged,
        lambda: services.function_logs("migrate_batch.handler"),
        lambda: services.function_logs("consolidate.handler"),
    ]

    assert [witness() for witness in witnesses] == [None] * len(witnesses)


def test_no_role_of_a_service_has_a_permission_that_nothing_needs(services: Services) -> None:
    permissions = services.permissions
    roles = [holder for holder in permissions.holders if holder != AIRFLOW]
    grants = [grant for role in roles for grant in permissions.of(role)]

    assert len(roles) == 4
    assert survivors(grants, lambda grant: service_witness(grant, services), permissions) == []


def test_every_witness_of_airflow_is_content_as_long_as_nothing_is_missing(tasks: Tasks) -> None:
    witnesses = [
        tasks.whole_run,
        tasks.redrive,
        tasks.stop,
        tasks.sample_check,
        tasks.concurrency,
        lambda: tasks.abandoned_upload("landing/ev_population/"),
    ]

    assert [witness() for witness in witnesses] == [None] * len(witnesses)


def test_airflow_has_no_permission_that_nothing_needs(tasks: Tasks) -> None:
    permissions = tasks.services.permissions

    assert survivors(permissions.of(AIRFLOW), lambda grant: airflow_witness(grant, tasks), permissions) == []


def test_what_cannot_be_told_is_still_granted(services: Services) -> None:
    granted = {
        (grant.holder, grant.action)
        for holder in services.permissions.holders
        for grant in services.permissions.of(holder)
    }

    assert UNTOLD.keys() <= granted


def test_a_refresh_with_deletions_its_rollback_and_a_replay_take_the_policies_of_the_stack_and_nothing_else(
    airflow: Airflow, stacks: Stacks, secure: Deployed, vehicles: Any, tmp_path: Path, log: Path
) -> None:
    deployed = stacks.on(secure.aws, REFRESHED)
    dags = replace(airflow.dags(deployed, REFRESHED, airflow_variables(deployed, "refresher")), no_waiting=True)
    numbers = [f"{n}" for n in range(1, 51)]
    began = log.stat().st_size
    # The first row of a key is left out for a later one; then two keys go, and one comes.
    first = dags.run(vehicles([*numbers, "7"]))
    second = dags.run(vehicles([*numbers[:-2], "51"]))
    back = dags.run(dags.dataset.source.url, rollback=second.report["run_id"])
    [rejects] = [place for place in back.report["error_files"] if place.endswith("/rejects.csv")]
    corrected, (bucket, key) = tmp_path / "corrected.csv", rejects.removeprefix("s3://").split("/", 1)
    text = deployed.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    corrected.write_text(text.replace(",7,", ",52,", 1), encoding="utf-8")
    replayed = dags.run(str(corrected), replay=back.report["run_id"])
    again = dags.run(vehicles([*numbers, "7"]))

    runs = (first, second, back, replayed, again)
    assert [run.status for run in runs] == [0] * len(runs), [run.output[-2000:] for run in runs if run.status]
    assert [run.report["ledger"]["written"] for run in runs] == [50, 2, 3, 1, 0]
    assert [run.report["changes"]["deleted"] for run in (second, back, again)] == [2, 1, 1]
    assert len(dags.table()) == 50
    assert b"not authorized" not in log.read_bytes()[began:]


@pytest.mark.parametrize("name", [REFRESHED, NEW])
def test_no_function_that_reads_and_changes_single_items_has_a_permission_that_nothing_needs(
    stacks: Stacks, secure: Deployed, log: Path, name: str
) -> None:
    dataset, deployed = stacks.dataset(name), stacks.on(secure.aws, name)
    permissions = Permissions(deployed, dataset.stack_name)
    witnesses = SingleItems(dataset, Services(deployed, permissions, log))
    by_action = {"dynamodb:BatchWriteItem": witnesses.new_row} if name == REFRESHED else {}
    witness = witnesses.guarded_batch if name == REFRESHED else witnesses.new_row
    grants = [one for one in permissions.of("FunctionsMigrateBatchRole") if one.action.startswith("dynamodb:")]

    assert [witnesses.new_row(), witness()] == [None, None]
    assert survivors(grants, lambda grant: by_action.get(grant.action, witness), permissions) == []


def test_a_failure_is_announced_as_long_as_topic_and_key_let_eventbridge(services: Services) -> None:
    with Announcements.subscribed(services) as announcements:
        assert "ended as FAILED" in announcements.of_a_failure()


def test_no_failure_is_announced_to_a_topic_that_does_not_let_eventbridge(services: Services) -> None:
    with Announcements.subscribed(services) as announcements, announcements.topic_without("AllowFailureRule"):
        assert "sns:Publish" in announcements.of_a_failure()


@pytest.mark.parametrize("action", ["kms:Decrypt", "kms:GenerateDataKey*"])
def test_no_failure_is_announced_under_a_key_that_does_not_let_eventbridge(services: Services, action: str) -> None:
    with Announcements.subscribed(services) as announcements, announcements.key_without(action):
        assert action.rstrip("*") in announcements.of_a_failure()
