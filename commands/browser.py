"""A browser for ``make test-browser`` and ``make pictures``: the one that is installed, or Debian's."""

import shutil
from collections.abc import Callable

from commands.debian import InstallError, install

PACKAGE = "chromium"
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


class NoBrowserError(Exception):
    """Nothing here can show a page; the message says what is missing. It is no verdict on the page."""


def find_browser(which: Callable[[str], str | None] = shutil.which) -> str | None:
    """Find a Chromium, None if there is none.

    Args:
        which: Finds a program.
    """
    return next(filter(None, map(which, _NAMES)), None)


def browser(target: str, *, may_install: bool) -> str:
    """Give the path of a Chromium.

    Args:
        target: The ``make`` target that asks for it, for the message.
        may_install: Install Debian's package if there is none.

    Raises:
        NoBrowserError: There is none.
    """
    found = find_browser()
    if found is None and may_install:
        try:
            install([PACKAGE])
        except InstallError as error:
            raise NoBrowserError(str(error)) from error
        found = find_browser()
    if found is None:
        raise NoBrowserError(
            f"there is no Chromium. On Debian: apt-get install {PACKAGE}, or let this command do it: "
            f"make {target} INSTALL=1"
        )
    return found
