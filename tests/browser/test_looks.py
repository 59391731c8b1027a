"""Every place of the page, in light and dark, on a laptop and a phone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.ended_runs import EndedRuns
from tests.browser.migrations import PLACES, looked_at
from tests.browser.screens import SCREENS, Screen


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
@pytest.mark.parametrize("name", PLACES)
def test_a_place_fits_its_window_and_axe_finds_nothing_grave(
    opened: Callable[[Screen], Page], runs: EndedRuns, seen: Path, name: str, screen: Screen
) -> None:
    page = opened(screen)
    PLACES[name](page, runs)

    assert looked_at(page, seen / f"{name}-{screen.name}") == []
