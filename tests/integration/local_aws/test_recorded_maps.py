"""The embedded AWS gives what Step Functions was seen to give: recorded/distributed_map.toml, fact by fact."""

import json
from typing import Any

import pytest

from tests.integration.local_aws.cloud import PASS, Cloud, distributed_map
from tests.integration.local_aws.recorded_maps import CASES, HISTORIES, cause, described, prepared, reason


@pytest.fixture(scope="module")
def executions(embedded: Cloud) -> dict[str, str]:
    """The ARN of an execution of each case, by the name of its test, all of them started."""
    started = {}
    for case in CASES:
        definition, given = prepared(embedded, case)
        started[case["test"]] = embedded.start(embedded.machine(definition), given)
    return started


each_case = pytest.mark.parametrize("case", CASES, ids=[case["test"].removeprefix("test_map_") for case in CASES])


@each_case
def test_it_ends_as_recorded(embedded: Cloud, executions: dict[str, str], case: dict[str, Any]) -> None:
    ended = embedded.ended(executions[case["test"]])

    if "error" in case:
        assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", case["error"], cause(case))
        return
    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    output = json.loads(ended["output"])
    if "lists" in case:
        assert [(item.pop("Etag") != "", item.pop("LastModified") > 0) for item in output] == [(True, True)] * 3
    if "rows" in case:
        assert output == [{"Col1": f"Value{2 * n + 1}", "Col2": f"Value{2 * n + 2}"} for n in range(case["rows"])]
    elif "writes_to" in case:
        assert output == written(embedded, executions[case["test"]], case)
    else:
        assert output == case["output"]


@each_case
def test_its_history_is_as_recorded(embedded: Cloud, executions: dict[str, str], case: dict[str, Any]) -> None:
    embedded.ended(executions[case["test"]])
    events = embedded.events(executions[case["test"]])

    differs = case.get("embedded", {})
    assert set(differs) <= set(HISTORIES[case["history"]])
    assert [described(event) for event in events] == [differs.get(event, event) for event in HISTORIES[case["history"]]]
    for told in filter(None, map(reason, events)):
        assert told == {"error": case["error"], "cause": cause(case)}
    if "map_run_label" in case:
        assert f"/{case['map_run_label']}:" in events[3]["mapRunStartedEventDetails"]["mapRunArn"]


def written(cloud: Cloud, execution: str, case: dict[str, Any]) -> dict[str, Any]:
    """The output of a state whose results were written."""
    map_run = cloud.map_run(execution)["mapRunArn"]
    machine = cloud.client("stepfunctions").describe_state_machine_for_execution(executionArn=execution)
    state = json.loads(machine["definition"])["States"]["MapState"]
    bucket = state["ResultWriter"]["Parameters"]["Bucket"]
    key = f"{case['writes_to']}/{map_run.rsplit(':', 1)[1]}/manifest.json"
    return {"MapRunArn": map_run, "ResultWriterDetails": {"Bucket": bucket, "Key": key}}


def test_a_map_run_is_described_as_recorded(embedded: Cloud) -> None:
    """localstack/localstack, test_sfn_api_map_run.py, test_list_map_runs_and_describe_map_run, recorded 2023-09-21."""
    case = next(case for case in CASES if case["test"] == "test_map_item_reader_base_csv_headers_first_line")
    text = "Col1,Col2,Col3\nValue1,Value2,Value3\nValue4,Value5,Value6"
    definition, given = prepared(embedded, {**case, "file": text, "state": {"MaxConcurrency": 1}})
    execution = embedded.run(definition, given)["executionArn"]

    listed = embedded.client("stepfunctions").list_map_runs(executionArn=execution)["mapRuns"]
    run = embedded.map_run(execution)

    counts = dict.fromkeys(("aborted", "failed", "pending", "running", "timedOut"), 0)
    counts |= dict.fromkeys(("resultsWritten", "succeeded", "total"), 2)
    assert [set(one) for one in listed] == [{"executionArn", "mapRunArn", "startDate", "stateMachineArn", "stopDate"}]
    assert run["itemCounts"].items() >= counts.items()
    assert run["executionCounts"].items() >= counts.items()
    settings = ("maxConcurrency", "status", "toleratedFailureCount", "toleratedFailurePercentage")
    assert [run[name] for name in settings] == [1, "SUCCEEDED", 0, 0.0]


def test_each_attempt_starts_the_state_and_the_last_one_fails_it(embedded: Cloud) -> None:
    """As recorded of Maps in one execution: test_map_state_retry_legacy and test_map_state_catch_legacy, 2023-07-24."""
    definition = distributed_map({"Type": "Fail", "Error": "Refused"}, ItemsPath="$.items")
    retrier = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 0, "MaxAttempts": 1}
    catcher = {"ErrorEquals": ["States.ALL"], "Next": "Caught"}
    definition["States"]["Map"] |= {"Retry": [retrier], "Catch": [catcher]}
    definition["States"]["Caught"] = {"Type": "Succeed"}

    events = embedded.events(embedded.run(definition, {"items": [1]})["executionArn"])

    assert [described(event) for event in events] == [
        "ExecutionStarted 0",
        "MapStateEntered 0",
        *("MapStateStarted 2 length=1", "MapRunStarted 3", "MapRunFailed 4 error"),
        *("MapStateStarted 5 length=1", "MapRunStarted 6", "MapRunFailed 7 error"),
        "MapStateFailed 8",
        "MapStateExited 9",
        "SucceedStateEntered 10",
        "SucceedStateExited 11",
        "ExecutionSucceeded 12",
    ]


@pytest.mark.parametrize(("names", "status"), [(["States.ALL"], "FAILED"), (["States.Runtime"], "SUCCEEDED")])
def test_a_setting_that_cannot_be_used_is_caught_by_its_own_name_alone(
    embedded: Cloud, names: list[str], status: str
) -> None:
    definition = distributed_map(PASS, ItemsPath="$.items", ToleratedFailureCountPath="$.count")
    definition["States"]["Map"]["Catch"] = [{"ErrorEquals": names, "Next": "Caught"}]
    definition["States"]["Caught"] = {"Type": "Succeed"}

    ended = embedded.run(definition, {"items": [1], "count": -1})

    assert ended["status"] == status
    assert "MapStateFailed" not in {event["type"] for event in embedded.events(ended["executionArn"])}
