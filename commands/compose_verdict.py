"""What the trial of the containers holds against what must be: decided from documents alone."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from commands.sample import Sample

_LEAST_BUNDLE = 100_000
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 2**10, "mi": 2**20, "gi": 2**30}


def run_faults(evidence: Mapping[str, Any], run_id: str, sample: Sample) -> list[str]:
    """Hold a run's report, rejects and executions against its source.

    Args:
        evidence: What ``commands.compose_evidence`` printed.
        run_id: The DAG run.
        sample: Its source.

    Returns:
        A sentence for everything that is not as it must be.
    """
    reports = [report for report in evidence["reports"] if report["run_id"] == run_id]
    if len(reports) != 1:
        return [f"the run {run_id} has {len(reports)} reports"]
    [report] = reports
    return [
        *_ledger_faults(report["ledger"], sample),
        *_reject_faults(report["rejects"], sample),
        *([f"the report names problems: {report['problems']}"] if report["problems"] else []),
    ]


def _ledger_faults(ledger: Mapping[str, int], sample: Sample) -> list[str]:
    rejected = len(sample.faults)
    got = {**ledger, "rejected in all": ledger["rejected_before_upload"] + ledger["rejected"]}
    must = {"source_rows": sample.rows, "rejected in all": rejected, "written": sample.rows - rejected}
    must |= dict.fromkeys(("failed", "unstarted", "unaccounted"), 0)
    return [f"the ledger's {name} is {got[name]}, not {count}" for name, count in must.items() if got[name] != count]


def _reject_faults(rejects: Sequence[Sequence[Any]], sample: Sample) -> list[str]:
    got = sorted(tuple(reject) for reject in rejects)
    must = sorted((fault.row, fault.code) for fault in sample.faults)
    return [] if got == must else [f"the rejects are {got}, not {must}"]


def execution_faults(evidence: Mapping[str, Any], runs: int) -> list[str]:
    """Hold the executions against the runs: one for each, all of them succeeded."""
    statuses = [execution["status"] for execution in evidence["executions"]]
    if statuses == ["SUCCEEDED"] * runs:
        return []
    return [f"{runs} runs have the executions {statuses}, not one that SUCCEEDED for each"]


def page_bundle(plugins: Mapping[str, Any]) -> str | None:
    """Find where the Migrations page's bundle is in what Airflow tells of its plugins; None where it has no page."""
    pages = [page for plugin in plugins["plugins"] for page in plugin["react_apps"] if page["name"] == "Migrations"]
    return str(pages[0]["bundle_url"]) if pages else None


def page_faults(plugins: Mapping[str, Any], bundle_bytes: int, page: Mapping[str, Any], sample: Sample) -> list[str]:
    """Hold what the Migrations page is made of against the run that it shows.

    Args:
        plugins: What Airflow's API tells of its plugins.
        bundle_bytes: How large the bundle is that it serves.
        page: What the page is told of the run.
        sample: The run's source.
    """
    if page_bundle(plugins) is None:
        return ["the Migrations page is not among Airflow's plugins"]
    faults = [] if bundle_bytes > _LEAST_BUNDLE else [f"the page's bundle has {bundle_bytes} bytes"]
    return faults + [f"on the page {fault}" for fault in _ledger_faults(page["report"]["ledger"], sample)]


def restart_faults(evidence: Mapping[str, Any], run_id: str, before: str, after: str) -> list[str]:
    """Hold the triggerer's restart against the execution that it was waiting for.

    Args:
        evidence: What ``commands.compose_evidence`` printed after the run.
        run_id: The DAG run.
        before: When the triggerer's container had been started, as Docker tells it.
        after: When it was started again.
    """
    if before == after:
        return [f"the triggerer was not restarted: it runs since {after}"]
    arns = {report["execution_arn"] for report in evidence["reports"] if report["run_id"] == run_id}
    executions = [execution for execution in evidence["executions"] if execution["arn"] in arns]
    started = docker_time(after)
    if any(one["started"] < started < (one["ended"] or started) for one in executions):
        return []
    return [f"the triggerer was started again at {after}, when the execution did not run: {executions}"]


def docker_time(text: str) -> float:
    """Read a time as Docker writes it, with nine digits after the second, into seconds since 1970."""
    return datetime.fromisoformat(re.sub(r"\.(\d{1,6})\d*Z?$", r".\1", text.removesuffix("Z")) + "+00:00").timestamp()


def size_in_bytes(text: str) -> float:
    """Read a size as Docker prints it, such as ``811MB`` or ``312.4MiB``.

    Raises:
        ValueError: It is none.
    """
    found = re.fullmatch(r"\s*([\d.]+)\s*([kmg]?i?)b\s*", text.lower())
    if not found or found[2] not in _UNITS:
        raise ValueError(f"{text!r} is no size")
    return float(found[1]) * _UNITS[found[2]]


def in_units(size: float) -> str:
    """Write a size for a person, in powers of ten as Docker's list of images does."""
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def memory_used(stats: str) -> dict[str, float]:
    """Read ``docker stats --format '{{.Name}} {{.MemUsage}}'`` into bytes by container."""
    lines = [line.split() for line in stats.splitlines() if line.strip()]
    return {line[0]: size_in_bytes(line[1]) for line in lines}


def password_in(log: str, user: str) -> str | None:
    """Find the password that Airflow's simple login made, in the log of its API server."""
    found = re.search(rf"Password for user '{re.escape(user)}': (\S+)", re.sub(r"\x1b\[[\d;]*m", "", log))
    return found[1] if found else None
