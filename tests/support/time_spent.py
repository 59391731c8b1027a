"""Where the suite's time goes: long files first, so that no process waits for another in the end; and an account."""

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

import pytest

# Seconds on two cores. A file that is not here comes after those that are, in the order in which it was found.
_LONG_FILES = {
    "tests/e2e/test_scheduled_airflow.py": 340,
    "tests/e2e/test_chaos_versions.py": 300,
    "tests/e2e/test_make_commands.py": 272,
    "tests/e2e/test_crash_matrix.py": 253,
    # xdist gives a process its next file as soon as it has two tests left, so the chains of versions, which are one,
    # get this one at once: a short one of many tests, or a long one would wait.
    "tests/unit/core/test_hosts.py": 252,
    "tests/e2e/test_chaos_campaign.py": 170,
    "tests/e2e/test_witnesses_taken_away.py": 123,
    "tests/e2e/test_dag_runs.py": 115,
    "tests/e2e/test_repaired_data_set_file.py": 105,
    "tests/e2e/test_least_privilege.py": 99,
    "tests/e2e/test_fence.py": 80,
    "tests/unit/plugin/test_polluted_files.py": 59,
    "tests/e2e/test_data_protection.py": 59,
    "tests/integration/test_round_trip.py": 53,
    "tests/e2e/test_repairs.py": 52,
    "tests/e2e/test_table_check.py": 45,
    "tests/e2e/test_tolerated_failures.py": 44,
    "tests/integration/local_aws/test_embedded_aws_contracts.py": 43,
    "tests/fuzz/test_trigger_form.py": 39,
    "tests/integration/page/test_routes.py": 37,
    "tests/e2e/test_destroy_and_redeploy.py": 33,
    "tests/integration/cdk/test_synthesized_templates.py": 32,
    "tests/unit/plugin/test_prepare_properties.py": 30,
    "tests/unit/commands/describing/test_source_proposal.py": 28,
    "tests/unit/plugin/reading/test_written_sources.py": 28,
    "tests/integration/commands/test_described_files.py": 25,
    "tests/e2e/test_source_shapes.py": 25,
    "tests/e2e/test_redrive.py": 25,
    "tests/e2e/test_hostile_csv.py": 24,
    "tests/integration/local_aws/test_embedded_aws_process.py": 22,
    "tests/integration/page/test_page.py": 21,
    "tests/integration/local_aws/test_redrives.py": 20,
    "tests/integration/plugin/test_accounted.py": 20,
    "tests/e2e/test_corrected_rejects.py": 20,
    "tests/e2e/test_deletions.py": 19,
    "tests/e2e/test_existing_table.py": 18,
    "tests/integration/plugin/test_witnesses.py": 17,
    "tests/integration/plugin/test_http_faults.py": 17,
    "tests/unit/plugin/test_disk_space.py": 17,
    "tests/integration/plugin/test_accounting.py": 17,
    "tests/integration/local_aws/test_scan_pages.py": 15,
}


def pytest_configure(config: pytest.Config) -> None:
    """Let xdist give out the files in the order of collection: it would begin with those of most tests.

    The whole suite tells the slowest twenty, too.
    """
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False
    if config.option.durations is None and config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        config.option.durations = 20


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    items.sort(key=lambda item: -_LONG_FILES.get(item.nodeid.partition("::")[0], 0))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell the time of each folder, set-up and clean-up included, when more than one was run."""
    reports = [report for found in terminalreporter.stats.values() for report in found if hasattr(report, "duration")]
    told = by_folder((report.nodeid, report.duration) for report in reports)
    if len(told) < 2:
        return
    terminalreporter.section("seconds by folder")
    for folder, seconds in told:
        terminalreporter.write_line(f"{seconds:8.1f}  {folder}")


def by_folder(durations: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """Add up the seconds of node ids by their folders below ``tests/``, the longest first."""
    spent: Counter[str] = Counter()
    for nodeid, seconds in durations:
        spent["/".join(PurePosixPath(nodeid.partition("::")[0]).parts[:-1])] += seconds
    return spent.most_common()
