"""What a run's table throttled, and what was done about it, for a person. Pure."""

from collections.abc import Iterator

from csvdynamo_airflow.accounting.report_document import Report


def told_throttling(report: Report) -> Iterator[str]:
    """Say what throttled and what was done about it; nothing of a run that was neither throttled nor changed."""
    if report.throttled:
        reasons = ", ".join(f"{items:,} {reason}" for reason, items in report.throttled.items())
        yield (
            f"throttled: {reasons}; each of these items was sent again, and the function's invocations waited "
            f"{report.waited_seconds or 0:,.0f} s together"
        )
    if changes := report.concurrency_changes:
        numbers = " → ".join(str(number) for number in (changes[0].before, *(one.after for one in changes)))
        yield f"batches at once: {numbers}; the last change: {changes[-1].why}"
