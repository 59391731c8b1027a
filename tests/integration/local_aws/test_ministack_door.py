"""The door to MiniStack's insides tells which of its names the installed MiniStack does not have."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from local_aws.access_key import AccessKey
from local_aws.environment import server_environment

_RENAME_EACH = """
    from local_aws import additions, ministack_internals
    from local_aws.part import Part

    assert ministack_internals.missing_names() == []
    parts = [value for value in vars(ministack_internals).values() if isinstance(value, Part)]
    listed = 0
    for part in parts:
        for name in part.names:
            owner, inner = part._place(name)
            kept = owner.__dict__[inner]
            delattr(owner, inner)
            if hasattr(owner, inner):
                setattr(owner, inner, kept)  # a class that overrides a listed method of its base
                continue
            setattr(owner, inner + "_renamed", kept)
            missing = ministack_internals.missing_names()
            assert [full.rsplit(".", 1)[1] for full in missing] == [inner], (name, missing)
            try:
                additions.apply()
            except additions.MinistackVersionError as error:
                assert missing[0] in str(error), error
            else:
                raise AssertionError(f"{name} is gone, and nobody says so")
            delattr(owner, inner + "_renamed")
            setattr(owner, inner, kept)
            listed += 1
    print(listed)
"""


def test_a_name_that_ministack_renames_is_told(tmp_path: Path) -> None:
    environment = server_environment(os.environ, home=tmp_path, port=1, key=AccessKey.drawn())
    (tmp_path / "tmp").mkdir()

    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_RENAME_EACH)],
        env=environment | {"PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > 100
