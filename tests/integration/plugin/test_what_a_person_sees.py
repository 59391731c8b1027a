"""Hostile text in everything that a run tells: its summary, its problems, its tasks' errors, logs and the terminal."""

import ast
import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

import csvdynamo_airflow
from commands.demo import progress_line
from commands.project import fail, say
from csvdynamo.datasets.dataset import Gates
from csvdynamo.datasets.policies import ForeignPolicy, OnChange, Verification, VerifyMode
from csvdynamo.records.result_files import UnfinishedBatch
from csvdynamo.records.totals import Totals, execution_output
from csvdynamo_airflow.accounting.findings import EndedTask, Findings
from csvdynamo_airflow.accounting.report import make_report, report_text
from csvdynamo_airflow.accounting.report_document import json_of
from csvdynamo_airflow.accounting.summary import summary
from csvdynamo_airflow.accounting.verdict import problems
from csvdynamo_airflow.accounting.witnesses import MigrationCounts
from csvdynamo_airflow.documents.checked_table import CheckedTable, Difference, DifferenceKind
from csvdynamo_airflow.documents.execution import Execution
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.schema_change import Reference, SchemaChange, SchemaError, refuse_failures
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.markdown import code_span
from csvdynamo_airflow.outcome.error_csv import write_error_csv
from csvdynamo_airflow.outcome.result_files import error_name
from csvdynamo_airflow.parameters import ParameterError, refuse_unknown
from csvdynamo_airflow.tasks.task_error import error_text
from csvdynamo_airflow.tasks.task_shell import permanent_errors_fail_at_once
from tests.hostile.texts import FORGED, HOSTILE, LONG, hold_shown
from tests.unit.plugin.run_findings import execution, migrated, prepared_file
from tests.unit.plugin.test_error_csv import reject

GATES = Gates(max_reject_percent=1)
FOREIGN_FAILS = Verification(mode=VerifyMode.FULL, foreign=ForeignPolicy.FAIL)


def hostile_run(text: str) -> Findings:
    """A run of which everything that comes from outside is the text, as far as the run's own documents let it."""
    differences = tuple(Difference(kind, text, 7, (text, text)) for kind in DifferenceKind)
    outcome = Outcome(
        execution=text,
        answered=True,
        written=1,
        answered_rejects=4,
        rejects=3,
        missing=1,
        missing_ids=(text,),
        superseded=2,
        by_code={text: 3},
        failed=5,
        failures_by_error={text: 5},
        rules={text: 1},
    )
    counts = MigrationCounts(changed_files=(text,), changed_objects=(text,), witnesses={text: text})
    changes = [
        SchemaChange.new([text], Reference.DATASET_FILE, OnChange.WARN),
        SchemaChange.renamed(text, text + "2", Reference.LAST_RUN, OnChange.WARN),
        replace(SchemaChange.missing(["a"], Reference.LAST_RUN, OnChange.WARN), message=text),
    ]
    return migrated(
        20,
        counts=counts,
        outcome=outcome,
        run_id=text,
        dataset=text,
        execution=replace(execution("RUNNING"), cause=text, name=text, arn=text),
        prepared=prepared_file(20, 1, bucket=text, rejects_key=text, profile_key=text, schema_changes=tuple(changes)),
        checked=CheckedTable(VerifyMode.FULL, 9, dict.fromkeys(DifferenceKind, 1), differences, text),
        tasks=(EndedTask(text, text, 1.0, error_text(OSError(text))), EndedTask("wait", "failed", 1.0, "")),
    )


@pytest.mark.parametrize("text", [HOSTILE, LONG], ids=["hostile", "long"])
def test_the_summary_of_a_run_has_no_character_and_no_line_that_is_not_ours(text: str) -> None:
    findings = hostile_run(text)
    found = problems(findings, GATES, FOREIGN_FAILS)

    told = summary(make_report(findings, found))

    assert len(found) >= 9
    hold_shown(told, 2_000)
    for problem in found:
        hold_shown(problem)
    assert told.count(FORGED) > 5, "it is told, within lines of ours"
    assert len(told) < 100_000
    assert told.count("\n- written ") == 1


@given(st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Lu"]), min_size=1))
def test_whatever_the_text_the_summary_has_as_many_lines_as_with_a_harmless_one(text: str) -> None:
    def lines(text: str) -> int:
        findings = hostile_run(text)
        return summary(make_report(findings, problems(findings, GATES, FOREIGN_FAILS))).count("\n")

    assert lines(text) == lines("Kent")


def test_the_report_keeps_the_exact_values_and_a_terminal_takes_it() -> None:
    report = make_report(hostile_run(HOSTILE), ["a problem"])

    text = report_text(report)

    hold_shown(text, 10_000)
    text.encode()
    assert json.loads(text) == json_of(report)
    assert report.run_id == HOSTILE


def test_one_endless_key_does_not_hide_the_next_one() -> None:
    told = str(Difference(DifferenceKind.CHANGED, LONG, 7, ("City", LONG)))

    hold_shown(told, 450)
    assert " (row 7) in City, " in told


@pytest.mark.parametrize(
    "error",
    [
        OSError(HOSTILE),
        KeyError(HOSTILE),
        ClientError({"Error": {"Code": HOSTILE, "Message": HOSTILE}}, "PutObject"),
        ParameterError(HOSTILE),
        AirflowFailException(HOSTILE),
        HOSTILE,
        LONG,
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_tasks_error_is_one_line(error: object) -> None:
    told = error_text(error)

    hold_shown(told, 2_000)
    assert "\n" not in told


def test_the_lines_of_an_error_of_ours_come_through_airflows_and_no_others_do() -> None:
    change = SchemaChange.missing([HOSTILE, "City"], Reference.DATASET_FILE, OnChange.FAIL)
    with pytest.raises(AirflowFailException) as caught, permanent_errors_fail_at_once():
        refuse_failures([change], HOSTILE, "cars", HOSTILE)

    told = error_text(caught.value)

    assert isinstance(caught.value.__cause__, SchemaError)
    assert told.count("\n") == 3
    hold_shown(told)


def test_what_aws_says_of_an_execution_goes_through_the_door() -> None:
    told = Execution.from_description({"executionArn": "a", "name": "n", "status": "FAILED", "cause": LONG}).cause

    hold_shown(told, 2_000)
    assert "\n" not in told


def test_names_of_errors_and_reject_codes_are_short() -> None:
    batch = UnfinishedBatch(status="FAILED", rows=(), error=LONG, cause=LONG)

    assert len(error_name(batch)) <= 200
    hold_shown(error_name(batch))


def test_the_announcement_of_a_map_run_goes_through_the_door() -> None:
    output = execution_output(
        Totals(1, 1, 1), bucket=HOSTILE, execution_name=HOSTILE, table_name=HOSTILE, manifest_key=HOSTILE
    )

    hold_shown(output["MESSAGE"])


def test_the_reason_of_a_reject_is_shown_and_its_cells_are_exact() -> None:
    lines = io.BytesIO((reject({"ID": "\x1b", "City": ""}, code=HOSTILE, message=HOSTILE).to_json() + "\n").encode())
    out = io.BytesIO()

    write_error_csv(lines, ("ID", "City"), out)

    told = out.getvalue().decode("utf-8-sig").split("\r\n")[1]
    assert told.startswith("\x1b,,7,")
    hold_shown(told.partition(",7,")[2])


def test_an_unknown_parameter_is_shown() -> None:
    with pytest.raises(ParameterError) as refusal:
        refuse_unknown([HOSTILE, LONG])

    hold_shown(str(refusal.value))


def test_the_documentation_of_a_dag_is_shown() -> None:
    hold_shown(code_span(HOSTILE))


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    logging.getLogger().addHandler(handler)
    yield text
    logging.getLogger().removeHandler(handler)


def test_what_is_put_into_a_line_of_a_log_is_shown_and_numbers_stay_numbers(logged: io.StringIO) -> None:
    log = shown_log("csvdynamo_airflow.some_module")

    log.warning("%s: %s. Attempt %d; next in %.0f s", HOSTILE, OSError(HOSTILE), 2, 1.5)
    log.warning("nothing is put into it")

    lines = logged.getvalue().splitlines()
    assert len(lines) == 2
    hold_shown(logged.getvalue())
    assert lines[0].endswith("Attempt 2; next in 2 s")


def test_the_terminal_gets_what_prints(capsys: pytest.CaptureFixture[str]) -> None:
    say("two\nlines \x1b[2J\x07")
    with pytest.raises(SystemExit) as ended:
        fail("\x1b[2J\x07")

    assert capsys.readouterr().out == "two\nlines \\x1b[2J\\x07\n"
    assert ended.value.code == "\\x1b[2J\\x07"
    line = progress_line("2026-01-01T10:00:00Z [info     ] Task failed \x1b[2J\x07 [x.y] loc=a.py:1\n")
    assert line is not None
    say(line)
    assert "\x1b" not in capsys.readouterr().out


SOURCES = sorted(Path(csvdynamo_airflow.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_module_has_a_log_without_the_door(path: Path) -> None:
    """The loggers of modules have it; what Airflow's own are given is shown in the call; no traceback is logged."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        called = ast.unparse(node.func)
        assert called != "logging.getLogger" or path.name == "logs.py", f"{path}: use shown_log"
        assert not called.endswith("log.exception"), f"{path}:{node.lineno}: a traceback is logged"
        if called.startswith("self.log."):
            for argument in node.args[1:]:
                told = ast.unparse(argument)
                assert told.startswith("shown(") or told.endswith(":,}'"), f"{path}:{node.lineno}: {told}"
