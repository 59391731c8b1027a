"""``make describe``: looks at a whole CSV, prints what it is, and writes a data set file for it that works."""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

from commands.describing.dataset_text import dataset_text
from commands.describing.describe_source import describe_source
from commands.describing.description import Description
from commands.describing.names import dataset_name_of, file_name_of, is_dataset_name
from commands.describing.told_table import told_table
from commands.fetched_source import address_of, fetch_source
from commands.progress import Progress
from commands.project import DATASETS, fail, make_command, say, stop_like_ctrl_c
from commands.reading_only import ending_in_a_sentence
from commands.shell import leave_shell

TO_TERMINAL = "-"


def main(words: Sequence[str] | None = None) -> int:
    """Describe a CSV, and write the data set file."""
    arguments = parse(words)
    with redirect_stdout(sys.stderr if arguments.out == TO_TERMINAL else sys.stdout):  # the file, and nothing else
        leave_shell()
    stop_like_ctrl_c()
    if not arguments.source:
        fail("Name the CSV: make describe SOURCE=path-or-https-url [NAME=cars]")
    file_name = file_name_of(arguments.source)
    name = arguments.name or dataset_name_of(file_name)
    if not is_dataset_name(name):
        fail(
            f"NAME={name}: a data set's name is a small letter, then at most 30 small letters, digits and underscores."
        )
    out = None if arguments.out == TO_TERMINAL else Path(arguments.out or DATASETS / f"{name}.toml")
    if out is not None:
        _refuse_place(out, name, force=arguments.force)
    with ending_in_a_sentence():
        description = _described(arguments.source, name, file_name)
    if out is None:
        print(dataset_text(description), end="")
        return 0
    write_whole(out, dataset_text(description, schema=out.resolve().parent == DATASETS))
    say(told_table(description))
    say(f"\n{_told_path(out)} is the data set file. To try it: {to_try(out, arguments.source)}")
    return 0


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make describe", description=main.__doc__)
    parser.add_argument("--source", default="", help="path or https URL of the CSV")
    parser.add_argument("--name", default="", help="the data set's name (default: made of the source's file name)")
    parser.add_argument(
        "--out", default="", help="the file to write (default: datasets/NAME.toml); -: print it, and nothing else"
    )
    parser.add_argument("--force", action="store_true", help="write over the file if it is there already")
    return parser.parse_args(words)


def write_whole(path: Path, text: str) -> None:
    """Write a file at once: it is there whole, or as it was.

    Args:
        path: The file.
        text: What it is to hold.
    """
    descriptor, made = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(made, 0o666 & ~_umask())  # noqa: PTH101 - mkstemp's is for its maker alone
        Path(made).replace(path)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise


def to_try(out: Path, source: str) -> str:
    """Write the command that migrates the source with the file."""
    named = source if "://" in source else str(Path(source).expanduser())
    demo = make_command("demo", DATASET=out.stem, SOURCE=named)
    folder = out.resolve().parent
    return demo if folder == DATASETS else f"CSVDYNAMO_DATASETS={folder} {demo}"


def _refuse_place(out: Path, name: str, *, force: bool) -> None:
    """End the command with a sentence, before any work, if the file cannot be written."""
    if out.stem != name or out.suffix != ".toml":
        fail(f"{out}: a data set file has its data set's name: call it {name}.toml, or give another NAME.")
    if out.exists() and not force:
        fail(f"{out} is there already. Give another NAME, or write over it with FORCE=1.")
    if not os.access(out.parent, os.W_OK | os.X_OK):
        fail(f"{out.parent} is no folder that can be written to.")


def _described(source: str, name: str, file_name: str) -> Description:
    progress = Progress()
    with tempfile.TemporaryDirectory(prefix="csvdynamo-describe-") as made:
        folder = Path(made)
        path = fetch_source(source, folder, lambda done, total: progress("fetched", done, total))
        return describe_source(path, name, folder, url=address_of(source), file_name=file_name, tell=progress)


def _told_path(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


if __name__ == "__main__":
    raise SystemExit(main())
