"""One command at a time writes to ``build/``: the report, logs, sample and addresses there are one command's."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from os import getpid

from commands.aws_file import AWS_FILE, kept_aws
from commands.project import BUILD, fail, make_build_folder

IN_USE = BUILD / "in-use"


@contextmanager
def alone_in_build(command: str) -> Iterator[None]:
    """Keep other commands out of ``build/`` until the end of this one, or of its process, however it ends.

    It ends the command with a sentence where another one is there, or an embedded AWS that one left running.

    Args:
        command: As it is typed, such as ``make demo``.
    """
    make_build_folder()
    elsewhere = f"or name another folder for this one: CSVDYNAMO_BUILD=build-2 {command}"
    with IN_USE.open("a+", encoding="utf-8") as file:
        try:
            # The kernel takes it off when the process is gone; what it started does not have it.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "Another command"
            fail(f"{holder} works in {BUILD} already. Wait for its end, stop it, {elsewhere}")
        except OSError as error:
            fail(f"{BUILD} is on a disk that cannot be locked ({error.strerror}): {elsewhere.removeprefix('or ')}")
        if pid := kept_aws():
            fail(
                f"The embedded AWS that make demo KEEP_AWS=1 left running is told of in {AWS_FILE}, which this command "
                f"would write over. Stop it with kill {pid}, {elsewhere}"
            )
        file.truncate(0)
        file.write(f"{command} (process {getpid()})\n")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
