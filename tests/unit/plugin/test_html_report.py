"""The report as a page to pass on."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from csvdynamo_airflow.accounting.comparison import compared
from csvdynamo_airflow.accounting.findings import EndedTask, Findings
from csvdynamo_airflow.accounting.html_report import html_report
from csvdynamo_airflow.accounting.report import make_report
from csvdynamo_airflow.documents.measures import ColumnRejects, Measures, Throughput
from tests.unit.plugin.run_findings import migrated, outcome_of_run
from tests.unit.plugin.test_report import PLAN, PRICED, THROTTLED, throttled

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """Reads a page: what it shows, and that each element is closed where it must be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.shown: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.shown.append(data.strip())

    @property
    def text(self) -> str:
        return " ".join(filter(None, self.shown))


def page(findings: Findings, *problems: str) -> Page:
    return Page(html_report(make_report(findings, problems)))


MEASURED = Measures(
    {"SUCCEEDED": 3}, 1234.0, Throughput(1.0, 2.0, (10, 40, 0, 20)), (ColumnRejects("BAD_TYPE", "Year", 1),)
)


def measured() -> Findings:
    run = migrated(5000, before=2, rejected=6, tasks=(EndedTask("download", "success", 1.5),))
    assert run.outcome is not None
    return replace(run, outcome=replace(run.outcome, measures=MEASURED))


def test_it_says_what_became_of_the_rows_and_by_what_it_is_known() -> None:
    told = page(measured()).text

    assert "All 5,000 rows are accounted for: 4,992 written, 2 rejected before upload, 6 rejected." in told
    assert "BAD_TYPE Year 1" in told
    assert "70 rows in 8 s: 9 rows a second, at most 20." in told
    assert "write units 1,234" in told
    assert "batches succeeded 3" in told
    assert "download 1.5" in told


def test_a_run_has_its_cost_by_line_and_beside_what_was_planned() -> None:
    findings = measured()

    told = Page(html_report(make_report(findings, (), cost=PRICED, plan=PLAN))).text

    assert "Cost by line: $0.5000" in told
    assert "DynamoDB write units 8 $0.5000 by hand" in told
    assert "No bill: free tiers" in told
    assert "Planned and done planned done difference rows written 8 4,992 +4,984" in told
    assert (
        "rows rejected by the function 2 6 +4 write units 8 1,234 +1,226 batches 1 3 +2 Map Run 0.1 s 8.0 s +" in told
    )
    assert "What a run would do" not in told


def test_what_was_done_as_planned_has_no_difference_and_what_nobody_counted_an_unknown_one() -> None:
    report = replace(make_report(measured(), (), cost=PRICED, plan=PLAN), write_units=8, throughput=None)
    dearer = replace(PLAN, cost=replace(PLAN.cost, usd=0.4), written=report.ledger.written)

    told = {one.name: one.difference for one in compared(replace(report, plan=dearer))}

    assert told == {
        "rows written": "none",
        "rows rejected by the function": "+4",
        "write units": "none",
        "batches": "+2",
        "Map Run": "unknown",
        "cost": "+25 %",
    }
    assert [one.difference for one in compared(replace(report, plan=dearer, cost=None))][-1] == "unknown"


def test_a_run_that_was_throttled_says_by_what_what_was_done_and_what_to_do() -> None:
    told = page(throttled(throttled=THROTTLED, waited_seconds=83.4)).text

    assert "Throttling throttled: 2,500 TableWriteKeyRangeThroughputExceeded, 7 UnprocessedItems" in told
    assert "8 → 3 the last 8 batches waited 3 → 4 the last 10 batches were not throttled" in told
    assert "What to do (Partitions of the table are throttled): nothing, if the run may take that long." in told
    assert "Throttling" not in page(measured()).text


def test_a_line_that_is_unknown_says_so() -> None:
    unknown = replace(PRICED, region=None, usd=None, lines=(replace(PRICED.lines[0], usd=None, quantity=None),))

    told = Page(html_report(make_report(measured(), (), cost=unknown))).text

    assert "Cost by line: unknown" in told
    assert "DynamoDB write units unknown unknown by hand The Region is not known. The sum is" in told
    assert "Planned and done" not in told


def test_a_dry_run_has_what_a_run_would_do() -> None:
    findings = replace(migrated(10), dry_run=True, execution=None)

    told = Page(html_report(make_report(findings, (), cost=PRICED, plan=PLAN))).text

    assert "items 8, the largest of 100 bytes; 8 write units" in told
    assert "rejects of the function 2 BAD_TYPE" in told
    assert "Items by size up to 256 bytes 8" in told
    assert "10 100 80 1" in told
    assert "Planned and done" not in told


def test_it_says_what_keeps_a_run_from_being_green_and_what_to_do() -> None:
    told = page(migrated(10, failed=3), "3 rows are in batches that failed: E.").text

    assert "3 rows are in batches that failed: E." in told
    assert "What to do (Batches failed): mend the cause" in told
    assert "`" not in told


def test_it_needs_nothing_else_and_runs_nothing() -> None:
    elements = page(measured(), "A problem.").elements

    assert not {"script", "link", "img", "iframe", "object", "embed", "form"} & {tag for tag, _ in elements}
    for tag, attributes in elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert "url(" not in (value or ""), (tag, name)
            assert name not in ("src", "href"), (tag, name)


HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=y>', "a\x1b[2Jb\u202ec", "{{ 7*7 }}")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_whatever_is_in_the_report_is_text(hostile: str) -> None:
    measures = Measures(rejects_by_column=(ColumnRejects(hostile, hostile, 1),))
    findings = replace(migrated(10), outcome=outcome_of_run(written=10, measures=measures), run_id=hostile)

    made = html_report(make_report(findings, [hostile]))

    assert Page(made).elements != []
    assert "<script" not in made
    assert "<img" not in made
    assert "\x1b" not in made
    assert "\u202e" not in made
    assert "49" not in Page(made).text.replace("249", "")


def test_a_bar_is_as_long_as_its_part_and_none_longer_than_all() -> None:
    made = html_report(make_report(measured(), ()))
    widths = [float(one) for one in re.findall(r'class="\w+" style="width:([\d.]+)%', made)]

    assert widths == [0.04, 99.84, 0.12]


@pytest.mark.parametrize("findings", [Findings("cars", "run"), migrated(0), replace(migrated(7), dry_run=True)])
def test_a_run_that_did_not_come_far_has_a_page_too(findings: Findings) -> None:
    assert "cars" in page(findings).text


def test_a_run_that_settled_nothing_for_a_while_has_a_plot() -> None:
    run = measured()
    assert run.outcome is not None
    still = replace(MEASURED, throughput=Throughput(1.0, 1.0, (0,)))

    assert "0 rows in 1 s" in page(replace(run, outcome=replace(run.outcome, measures=still))).text
