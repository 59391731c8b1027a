"""Every place of the page, in light and dark, on a laptop and a phone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.ended_runs import EndedRuns
from tests.browser.migrations import PLACES, grave_faults, part
from tests.browser.screens import SCREENS, Screen


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
@pytest.mark.parametrize("name", PLACES)
def test_a_place_fits_its_window_and_axe_finds_nothing_grave(
    opened: Callable[[Screen], Page], runs: EndedRuns, seen: Path, name: str, screen: Screen
) -> None:
    page = opened(screen)
    PLACES[name](page, runs)
    page.wait_for_load_state("networkidle")

    wide = part(page).evaluate("one => [one.scrollWidth, one.clientWidth]")
    ours, around = grave_faults(page)
    page.screenshot(path=seen / f"{name}-{screen.name}.png")
    (seen / f"{name}-{screen.name}-airflow.json").write_text(json.dumps(around, indent=1) + "\n", encoding="utf-8")

    assert ours == []
    assert wide[0] <= wide[1], "it is wider than the window"
