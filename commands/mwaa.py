"""``make mwaa``: what Amazon MWAA takes, in ``build/mwaa``: ``dags/``, ``plugins.zip`` and ``requirements.txt``."""

import argparse
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

from commands.mwaa_requirements import Image, UnknownImageError, kept_versions, mwaa_requirements, requirements_in
from commands.project import BUILD, DATASETS, ROOT, fail, make_build_folder, say

MWAA = BUILD / "mwaa"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def main() -> None:
    """Build what an environment's bucket takes, for one version of Airflow."""
    parser = argparse.ArgumentParser(prog="make mwaa", description=main.__doc__)
    newest = kept_versions()[-1]
    parser.add_argument("--version", default="", help=f"the environment's version of Airflow (default: {newest})")
    try:
        image = Image.of(parser.parse_args().version or newest)
    except UnknownImageError as error:
        fail(str(error))
    make_build_folder()
    shutil.rmtree(MWAA, ignore_errors=True)
    (MWAA / "dags").mkdir(parents=True)
    for dag in sorted((ROOT / "dags").glob("*.py")):
        shutil.copy(dag, MWAA / "dags")
    needed, pinned = (requirements_in((ROOT / name).read_text()) for name in ("requirements.in", "requirements.txt"))
    (MWAA / "requirements.txt").write_text(mwaa_requirements(image, needed, pinned), encoding="utf-8")
    _write_zip(MWAA / "plugins.zip", plugin_files())
    say(f"{MWAA}: dags/, plugins.zip, requirements.txt for Airflow {image.airflow}")


def plugin_files() -> Iterator[tuple[str, Path]]:
    """List what goes into ``plugins.zip``, by its name in there: the plugins, the core and the data set files."""
    sources = [(ROOT / "plugins", ""), (ROOT / "src", ""), (DATASETS, "datasets/")]
    for folder, prefix in sources:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield prefix + path.relative_to(folder).as_posix(), path


def _write_zip(path: Path, files: Iterator[tuple[str, Path]]) -> None:
    # A fixed date: the same files give the same bytes, so that an unchanged bundle is not a new version in MWAA.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, source in files:
            bundle.writestr(zipfile.ZipInfo(name, _EPOCH), source.read_bytes(), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
