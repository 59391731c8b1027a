"""Airflow's own UI, as far as the tests go through it."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from playwright.sync_api import Locator, Page, expect

from commands.airflow_api import Login


def log_in(page: Page, login: Login) -> None:
    """Log in from Airflow's home."""
    page.goto(login.url)
    page.get_by_role("textbox", name="Username").fill(login.user)
    page.get_by_role("textbox", name="Password").fill(login.password)
    page.get_by_role("button", name="Sign in").click()
    migrations_in_menu(page).wait_for()


def migrations_in_menu(page: Page) -> Locator:
    """The page's place in the menu."""
    return page.get_by_role("link", name="Migrations", exact=True).first


def answer(page: Page, option: str) -> None:
    """Answer what a task asks a person, on Airflow's page of its required actions.

    Args:
        page: The window, on that page.
        option: How the answer begins.
    """
    page.get_by_role("button", name=re.compile(f"^{re.escape(option)}")).click()


@dataclass(frozen=True)
class TriggerForm:
    """The form with which a run is triggered.

    Attributes:
        page: The window that it is in.
    """

    page: Page

    @classmethod
    def opened(cls, page: Page, dag_id: str) -> "TriggerForm":
        """Open it on a DAG's page."""
        page.goto(f"/dags/{dag_id}")
        page.get_by_role("button", name="Trigger Dag").click()
        form = cls(page)
        form._source.wait_for()
        return form

    def source(self, url: str) -> None:
        """Type a source."""
        self._source.fill(url)
        self._source.blur()

    def fill(self, section: str, description: str, text: str) -> None:
        """Type into a field of a section that is closed at first.

        Args:
            section: The section.
            description: How what is told of the field begins.
            text: What to type.
        """
        self._dialog.get_by_role("button", name=section).click()
        field = self._dialog.get_by_role("group").filter(has_text=description).get_by_role("textbox")
        field.fill(text)
        field.blur()

    def refusal(self) -> str:
        """Try to trigger the run, and return why it is refused: the form stays, and says so."""
        self._send()
        alert = self._dialog.get_by_test_id("error-alert")
        alert.wait_for()
        return alert.inner_text()

    def send(self) -> str:
        """Trigger the run, and return its id: Airflow's UI goes to its page."""
        self._send()
        expect(self.page).to_have_url(re.compile(r"/runs/"))
        found = re.search(r"/runs/([^/?]+)", self.page.url)
        assert found
        return unquote(found[1])

    def _send(self) -> None:
        # By the keyboard: what Airflow tells of the last attempt may lie over the button.
        self._dialog.get_by_test_id("trigger-dag-submit").press("Enter")

    @property
    def _dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def _source(self) -> Locator:
        # Its examples are proposed, which makes a combobox of it.
        return self._dialog.get_by_role("group").filter(has_text="Where the CSV is").get_by_role("combobox")
