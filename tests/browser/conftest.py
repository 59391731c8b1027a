"""One ``make ui`` and one browser for all that the browser tests look at, and the runs that they look at."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from commands.airflow_api import Api
from commands.browser import PACKAGE, find_browser
from tests.browser.airflow_ui import log_in
from tests.browser.ended_runs import EndedRun, EndedRuns
from tests.browser.make_ui import MakeUi, make_ui, running_ui
from tests.browser.screens import LAPTOP, Screen

# Airflow, the embedded AWS and the browser share the machine with what else runs there.
_MILLISECONDS = 600_000.0
expect.set_options(timeout=_MILLISECONDS)

DAG = "csvdynamo_ev_population"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chromium", help="the browser (default: the one that is installed)")
    parser.addoption("--ui", type=Path, help="the build folder of a make ui that runs (default: one is started)")
    parser.addoption("--seen", type=Path, help="folder for what the tests see (default: a temporary one)")
    parser.addoption("--pictures", type=Path, help="folder for the pictures of docs/ (default: that of --seen)")


@pytest.fixture(scope="session")
def seen(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for what the tests see."""
    folder: Path = pytestconfig.getoption("--seen") or tmp_path_factory.mktemp("seen")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def ui(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeUi]:
    if build := pytestconfig.getoption("--ui"):
        yield running_ui(build)
        return
    with make_ui(tmp_path_factory.mktemp("build")) as ui:
        yield ui


@pytest.fixture(scope="session")
def api(ui: MakeUi) -> Api:
    """Airflow's REST API, for what is no part of what is looked at."""
    api = Api(ui.login).log_in()
    api.await_dag(DAG)
    return api


@pytest.fixture(scope="session")
def browser(pytestconfig: pytest.Config) -> Iterator[Browser]:
    found = pytestconfig.getoption("--chromium") or find_browser()
    assert found, f"There is no Chromium: apt-get install {PACKAGE}, or make test-browser INSTALL=1"
    with sync_playwright() as playwright:
        # Root has no sandbox in it, and a container's shared memory is small.
        browser = playwright.chromium.launch(
            executable_path=shutil.which(found), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def logged_in(browser: Browser, ui: MakeUi) -> Any:
    """What a browser keeps of a person who logged in."""
    context = browser.new_context()
    context.set_default_timeout(_MILLISECONDS)
    log_in(context.new_page(), ui.login)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def opened(browser: Browser, ui: MakeUi, logged_in: Any) -> Iterator[Callable[[Screen], Page]]:
    """Opens a window of someone who is logged in."""
    contexts: list[BrowserContext] = []

    def open_window(screen: Screen = LAPTOP) -> Page:
        context = browser.new_context(
            base_url=ui.login.url,
            storage_state=logged_in,
            viewport={"width": screen.width, "height": screen.height},
            color_scheme="dark" if screen.dark else "light",
            has_touch=screen.touch,
            reduced_motion="reduce",
        )
        context.set_default_timeout(_MILLISECONDS)
        contexts.append(context)
        return context.new_page()

    yield open_window
    for context in contexts:
        context.close()


@pytest.fixture
def page(opened: Callable[[Screen], Page]) -> Page:
    """A window on a laptop, in light colours."""
    return opened(LAPTOP)


@pytest.fixture(scope="session")
def runs(ui: MakeUi, api: Api) -> EndedRuns:
    """The runs that the tests look at, each made when the first one asks for it."""
    return EndedRuns(ui, api, DAG)


@pytest.fixture
def green(runs: EndedRuns) -> EndedRun:
    return runs.of("green")


@pytest.fixture
def red(runs: EndedRuns) -> EndedRun:
    return runs.of("red")
