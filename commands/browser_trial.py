"""``make test-browser`` and ``make pictures``: the Migrations page in a real browser, over a ``make ui`` of its own.

Ends with status 0 if all was as it must be, 1 if it was not, and 3 if no browser could be had, which is no pass.
"""

import argparse
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from commands.browser import NoBrowserError, browser
from commands.project import BUILD, NOT_HERE, ROOT, fail, say, stop_like_ctrl_c

TESTS = ROOT / "tests" / "browser"
PICTURES = ROOT / "docs" / "pictures"
SEEN = BUILD / "browser"
"""Where the tests leave what they saw."""


def main() -> None:
    """Prove the Migrations page in a real browser, or renew the pictures of docs/."""
    parser = argparse.ArgumentParser(prog="make test-browser", description=main.__doc__)
    parser.add_argument("--install", action="store_true", help="install Debian's Chromium if there is none (root)")
    parser.add_argument("--pictures", action="store_true", help="only take the pictures of docs/")
    arguments = parser.parse_args()
    stop_like_ctrl_c()
    try:
        chromium = browser("pictures" if arguments.pictures else "test-browser", may_install=arguments.install)
    except NoBrowserError as error:
        _not_here(error)
    if arguments.pictures:
        _run(chromium, TESTS / "test_pictures.py", PICTURES)
    else:
        _run(chromium, TESTS, SEEN)
        say(f"The browser's pictures are in {SEEN}.")


def _not_here(error: NoBrowserError) -> NoReturn:
    say(f"The page was not tried, which is no pass: {error}")
    sys.exit(NOT_HERE)


def _run(chromium: str, tests: Path, pictures: Path) -> None:
    """Run the tests; when this command is stopped, they stop what they started."""
    asked: Sequence[str | Path] = ("--chromium", chromium, "--pictures", pictures, "--seen", SEEN)
    process = subprocess.Popen([sys.executable, "-m", "pytest", tests, *asked], cwd=ROOT)
    try:
        status = process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        fail("Stopped.")
    if status:
        sys.exit(1)


if __name__ == "__main__":
    main()
