"""What the trial of the containers takes for a pass, and what not."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from commands.compose_images import POSTGRES_IMAGE, PYTHON_IMAGE
from commands.compose_stack import IMAGES, override
from commands.compose_verdict import (
    docker_time,
    execution_faults,
    in_units,
    memory_used,
    page_faults,
    password_in,
    restart_faults,
    run_faults,
    size_in_bytes,
)
from commands.sample import Fault, Sample

SAMPLE = Sample(Path("sample.csv"), 100, (Fault(3, "BAD_WIDTH"), Fault(7, "MISSING_KEY")), ())
GREEN: dict[str, Any] = {
    "executions": [{"arn": "one", "status": "SUCCEEDED", "started": 1000.0, "ended": 1060.0}],
    "reports": [
        {
            "run_id": "mine",
            "execution_arn": "one",
            "problems": [],
            "rejects": [[7, "MISSING_KEY"], [3, "BAD_WIDTH"]],
            "ledger": {
                "source_rows": 100,
                "rejected_before_upload": 1,
                "written": 98,
                "rejected": 1,
                "failed": 0,
                "unstarted": 0,
                "unaccounted": 0,
            },
        }
    ],
}


PLUGINS: dict[str, Any] = {
    "plugins": [
        {"name": "another", "react_apps": []},
        {"name": "csvdynamo", "react_apps": [{"name": "Migrations", "bundle_url": "csvdynamo/page/main.umd.js?v=1"}]},
    ]
}
PAGE: dict[str, Any] = {"report": {"ledger": GREEN["reports"][0]["ledger"]}}


def changed(**report: Any) -> dict[str, Any]:
    """Make the green evidence with a report that differs."""
    evidence = deepcopy(GREEN)
    evidence["reports"][0].update(report)
    return evidence


def test_a_run_that_gives_what_the_sample_must_give_has_no_faults() -> None:
    assert run_faults(GREEN, "mine", SAMPLE) == []


@pytest.mark.parametrize("number", GREEN["reports"][0]["ledger"])
def test_every_number_of_the_ledger_counts(number: str) -> None:
    ledger = GREEN["reports"][0]["ledger"]

    faults = run_faults(changed(ledger={**ledger, number: ledger[number] + 1}), "mine", SAMPLE)

    assert len(faults) == 1
    assert ("rejected in all" if number.startswith("rejected") else number) in faults[0]


@pytest.mark.parametrize(
    "rejects",
    [
        [[3, "BAD_WIDTH"]],
        [[3, "BAD_WIDTH"], [7, "MISSING_KEY"], [8, "MISSING_KEY"]],
        [[3, "BAD_WIDTH"], [7, "BAD_TYPE"]],
        [[3, "BAD_WIDTH"], [7, "MISSING_KEY"], [7, "MISSING_KEY"]],
    ],
)
def test_a_reject_that_is_missing_other_or_there_twice_is_a_fault(rejects: list[list[Any]]) -> None:
    assert "the rejects are" in run_faults(changed(rejects=rejects), "mine", SAMPLE)[0]


def test_a_problem_or_a_report_that_is_not_there_is_a_fault() -> None:
    assert "lost" in run_faults(changed(problems=["lost"]), "mine", SAMPLE)[0]
    assert run_faults(GREEN, "another", SAMPLE) == ["the run another has 0 reports"]


def test_each_run_has_one_execution_that_succeeded() -> None:
    assert execution_faults(GREEN, 1) == []
    assert execution_faults(GREEN, 2) != []
    assert execution_faults({"executions": GREEN["executions"] * 2}, 1) != []
    assert execution_faults({"executions": [{"status": "FAILED"}]}, 1) != []


@pytest.mark.parametrize(
    ("after", "fault"),
    [
        ("1970-01-01T00:16:50.5Z", ""),
        ("1970-01-01T00:16:30Z", "when the execution did not run"),
        ("1970-01-01T00:17:50Z", "when the execution did not run"),
        ("1970-01-01T00:00:00.000000000Z", "was not restarted"),
    ],
)
def test_the_triggerer_must_be_restarted_while_the_execution_runs(after: str, fault: str) -> None:
    faults = restart_faults(GREEN, "mine", "1970-01-01T00:00:00.000000000Z", after)

    assert bool(faults) is bool(fault)
    assert all(fault in one for one in faults)


def test_times_of_docker_have_nine_digits() -> None:
    assert docker_time("1970-01-01T00:00:01.123456789Z") == pytest.approx(1.123456)
    assert docker_time("1970-01-01T00:00:02Z") == 2


@pytest.mark.parametrize(
    ("text", "size"),
    [("0B", 0), ("12kB", 12e3), ("811MB", 811e6), ("1.69GB", 1.69e9), ("312.5MiB", 312.5 * 2**20), ("1GiB", 2**30)],
)
def test_sizes_are_read_as_docker_writes_them(text: str, size: float) -> None:
    assert size_in_bytes(text) == size


@pytest.mark.parametrize("text", ["", "many", "12", "1.2.3MB", "ib"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no size|could not convert"):
        size_in_bytes(text)


def test_sizes_are_told_in_powers_of_ten() -> None:
    assert (in_units(811e6), in_units(1.69e9)) == ("811 MB", "1.69 GB")


def test_memory_is_what_is_used_and_not_the_limit() -> None:
    assert memory_used("x_aws_1 100MiB / 23.5GiB\nx_postgres_1 1GiB / 23.5GiB\n\n") == {
        "x_aws_1": 100 * 2**20,
        "x_postgres_1": 2**30,
    }


def test_the_password_is_found_in_a_coloured_log_and_is_the_users() -> None:
    log = "api-server_1  | \x1b[1mPassword for user 'other': no\napi-server_1 | Password for user 'admin': s\x1b[0m\n"

    assert password_in(log, "admin") == "s"
    assert password_in("nothing", "admin") is None


def test_nobodys_images_are_replaced_and_every_service_is_covered() -> None:
    changes = override({PYTHON_IMAGE: "own-python", POSTGRES_IMAGE: "own-postgres"})["services"]

    assert changes.pop("postgres") == {"image": "own-postgres"}
    assert {service["image"] for service in changes.values()} == set(IMAGES.values())
    assert all(service["build"]["args"] == {"PYTHON_IMAGE": "own-python"} for service in changes.values())


def test_a_page_that_is_served_and_tells_the_ledger_has_no_faults() -> None:
    assert page_faults(PLUGINS, 800_000, PAGE, SAMPLE) == []


def test_an_airflow_without_the_page_its_bundle_or_its_numbers_is_no_pass() -> None:
    none = {"plugins": [{"name": "csvdynamo", "react_apps": []}]}
    other = {"report": {"ledger": {**PAGE["report"]["ledger"], "written": 97}}}

    assert page_faults(none, 0, PAGE, SAMPLE) == ["the Migrations page is not among Airflow's plugins"]
    assert page_faults(PLUGINS, 1_000, PAGE, SAMPLE) == ["the page's bundle has 1000 bytes"]
    assert page_faults(PLUGINS, 800_000, other, SAMPLE) == ["on the page the ledger's written is 97, not 98"]
