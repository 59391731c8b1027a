"""``python -m tests.polluted``: the corpus of polluted files, whole; the exit status is 0 only if no row is wrong.

A file is taken through download, prepare, Step Functions' reader and the functions' code, in this process.
"""

import argparse
import fnmatch
import logging
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.polluted.corpus import corpus_files
from tests.polluted.judge import Outcome, Verdict, judge, wrong_rows_of
from tests.polluted.model import Polluted
from tests.polluted.smallest import smallest
from tests.polluted.summary import Summary
from tests.support.quick_prepare import quick_prepare


def main() -> None:
    """Judge the corpus and print a summary by kind."""
    arguments = parse()
    logging.disable(logging.WARNING)
    print(f"seed {arguments.seed}", flush=True)
    summary, wrong = Summary(), dict[str, list[tuple[Polluted, Verdict]]]()
    with quick_prepare() as folder:
        for file in corpus_files(arguments.seed, arguments.tables):
            if not fnmatch.fnmatch(file.kind, arguments.kind):
                continue
            verdict = judge(file, folder)
            summary.add(file.kind, verdict)
            if verdict.outcome is Outcome.WRONG:
                wrong.setdefault(file.kind, []).append((file, verdict))
            if arguments.verbose:
                print(f"{verdict.outcome}: {file.name}: {verdict.said or '; '.join(verdict.complaints)}")
        for kind, files in sorted(wrong.items()):
            print(f"\n{kind}: {len(files)} wrong, for example", flush=True)
            for file, verdict in sorted(files, key=lambda pair: len(pair[0].content))[: arguments.examples]:
                show(file, verdict, folder)
    print()
    print("\n".join(summary.lines()))
    if summary.total[Outcome.WRONG]:
        sys.exit(1)


def show(file: Polluted, verdict: Verdict, folder: Path) -> None:
    """Print a wrong file, as small as it can be."""
    complaints = "\n    ".join(verdict.complaints)
    print(f"  {file.case}; settings {dict(file.settings)}\n    {complaints}")
    small = smallest(file, lambda fewer: bool(wrong_rows_of(fewer, folder)))
    print(f"    smallest: {small.content!r}")
    for complaint in wrong_rows_of(small, folder):
        print(f"    {complaint}")


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line, and draw a seed where it names none."""
    parser = argparse.ArgumentParser(prog="python -m tests.polluted", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", help="repeat the tables that were drawn by that seed (default: a new one)")
    parser.add_argument("--tables", type=int, default=4, help="how many tables are drawn (default: %(default)s)")
    parser.add_argument("--kind", default="*", help="only kinds of that pattern, such as 'a quote *'")
    parser.add_argument("--examples", type=int, default=1, help="wrong files of a kind to show (default: %(default)s)")
    parser.add_argument("--verbose", action="store_true", help="say of each file what became of it")
    arguments = parser.parse_args(words)
    arguments.seed = arguments.seed or secrets.token_hex(4)
    return arguments


if __name__ == "__main__":
    main()
