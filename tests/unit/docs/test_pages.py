"""The pages for readers: their links, their commands, the parts of every decision, the figures of the examples."""

import json
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.records.ledger import Ledger
from csvdynamo.records.rejects import Reject

ROOT = Path(__file__).parents[3]
README, BY_HAND, REPORT = (
    (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/by-hand.md", "docs/report.md")
)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
PAGES = [*sorted(ROOT.glob("*.md")), ROOT / "bench" / "RESULTS.md", *sorted((ROOT / "docs").rglob("*.md"))]


def page_name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(language: str, text: str) -> list[str]:
    """A page's fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def make_targets() -> set[str]:
    """What ``make help`` lists."""
    told = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"^  make (\S+)", told, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    broken = []
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize(
    "page",
    [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/by-hand.md", "docs/deployment.md")],
    ids=page_name,
)
def test_every_make_command_of_a_page_is_in_make_help(page: Path) -> None:
    fence = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
    text = page.read_text(encoding="utf-8")
    code = "\n".join([*fence.findall(text), *re.findall(r"`([^`\n]+)`", fence.sub("", text))])
    named = set(re.findall(r"^(?:\$ )?make (?:[A-Z]+=\S+ )*([a-z-]+)", code, re.MULTILINE))

    assert named
    assert named <= make_targets()


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_variable_of_a_make_command_is_one_of_the_makefile(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([A-Z]+) +\?=|\$\(if \$\(([A-Z_]+)\)", makefile, re.MULTILINE))
    commands = re.findall(r"\bmake((?: [a-z-]+| [A-Z_]+=[^\s`]+)+)", page.read_text(encoding="utf-8"))
    named = {name for command in commands for name in re.findall(r" ([A-Z_]+)=", command)}

    assert named <= {name for pair in known for name in pair if name}


def test_the_readme_shows_every_command_of_use() -> None:
    in_use = {"demo", "describe", "ui", "aws", "deploy", "destroy", "mwaa", "test"}

    assert in_use <= make_targets()
    assert {target for target in in_use if f"make {target}" in README} == in_use


@pytest.mark.parametrize("page", DECISIONS, ids=page_name)
def test_a_decision_has_its_three_parts_in_order(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)

    assert parts[1::2] == ["Context", "Decision", "Consequences"]
    assert all(part.strip() for part in parts[2::2])
    assert text.startswith(f"# {int(page.name[:4])}. ")


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_the_report_that_is_shown_balances_and_is_the_readmes() -> None:
    [report] = [json.loads(block) for block in blocks("json", REPORT) if '"ledger"' in block]
    told = report["ledger"]

    ledger = Ledger.from_json(told)

    assert ledger.to_json() == told
    assert ledger.unaccounted == 0
    assert ledger.table() in README


def test_the_reject_that_is_shown_is_a_reject_record() -> None:
    [line] = [block for block in blocks("json", BY_HAND) if '"reject_id"' in block]

    reject = Reject.from_json(line)

    assert (reject.code, reject.row) == ("MISSING_KEY", None)
    assert reject.to_json() == line.strip()


def test_the_execution_output_that_is_shown_has_the_totals_of_its_file() -> None:
    [block] = [block for block in blocks("text", BY_HAND) if block.startswith("SUCCEEDED")]

    output = json.loads(block.partition("\t")[2])

    assert output["TOTAL_NUMBER_OF_ITEMS_WRITTEN"] + output["TOTAL_NUMBER_OF_ITEMS_IN_ERROR"] == 200
    assert output["ERROR_DATA_LOCATION"].removeprefix("s3://").split("/", 1)[1] in BY_HAND.split("```sh")[-1]


def test_the_readmes_data_set_loads(tmp_path: Path) -> None:
    [example] = blocks("toml", README)
    path = tmp_path / "cars.toml"
    path.write_text(example, encoding="utf-8")

    assert load_dataset(path).table.partition_key == "Car ID"


@pytest.mark.parametrize(
    "script", [block for page in PAGES for block in blocks("sh", page.read_text(encoding="utf-8"))]
)
def test_a_shell_block_is_a_shell_script(script: str) -> None:
    checked = subprocess.run(["bash", "-n"], input=script, check=False, capture_output=True, text=True)

    assert checked.stderr == ""


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_no_page_holds_a_path_of_one_machine(page: Path) -> None:
    assert re.findall(r"(?<![\w.])/(?:work|home|tmp|root|Users)/", page.read_text(encoding="utf-8")) == []
