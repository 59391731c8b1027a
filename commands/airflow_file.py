"""``build/airflow.env``: with it, ``airflow`` typed by hand works on this checkout and on the running embedded AWS.

A shell reads it (``. build/airflow.env``), and so does an editor that takes the lines NAME=value and leaves the others
out: VS Code in ``envFile``, and what is built on python-dotenv.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from commands.airflow_home import BIN, airflow_settings
from commands.airflow_user import airflow_variables
from commands.embedded import Deployed
from commands.project import BUILD, SAMPLES
from csvdynamo_airflow.settings import LOCAL_FOLDER
from local_aws.private_files import write_private

AIRFLOW_FILE = BUILD / "airflow.env"

# In POSIX sh, bash and zsh alike: what leads Airflow or an AWS SDK elsewhere goes, whatever its name is.
_CLEARED = r"""# For a shell: . build/airflow.env - and for an editor, which takes the lines NAME=value.
for csvdynamo_name in $(env | sed -n -e 's/^\(AIRFLOW[A-Za-z0-9_]*\)=.*/\1/p' -e 's/^\(AWS_[A-Za-z0-9_]*\)=.*/\1/p' \
  -e 's/^\(PYTHON[A-Z]*\)=.*/\1/p' -e 's/^\(CSVDYNAMO_LOCAL_[A-Z]*\)=.*/\1/p' \
  -e 's/^\([A-Z]*_PROXY\)=[sS][oO][cC][kK][sS].*/\1/p' -e 's/^\([a-z]*_proxy\)=[sS][oO][cC][kK][sS].*/\1/p')
do unset "$csvdynamo_name"; done; unset csvdynamo_name FORCE_COLOR
set -a
"""
# The embedded AWS is reached without a proxy; what the person has reached without one so far, still is. An asterisk is
# heeded only by itself.
_LAST = """NO_PROXY="127.0.0.1,localhost,${no_proxy:-${NO_PROXY:-}}"
case "${NO_PROXY}" in *,\\*) NO_PROXY="*" ;; esac
no_proxy="${NO_PROXY}"
set +a
"""


@contextmanager
def told_in_airflow_file(deployed: Deployed, home: Path, more: Mapping[str, str] | None = None) -> Iterator[None]:
    """Have the file there for as long as the embedded AWS is; its owner's alone, because it holds access keys.

    Args:
        deployed: The embedded AWS with the stack.
        home: An ``AIRFLOW_HOME`` with a migrated database.
        more: More variables for Airflow.
    """
    variables = {
        **deployed.aws.environment,
        **airflow_settings(home, airflow_variables(deployed)),
        LOCAL_FOLDER: str(SAMPLES),
        **(more or {}),
    }
    write_private(AIRFLOW_FILE, airflow_file(variables, BIN))
    try:
        yield
    finally:
        AIRFLOW_FILE.unlink(missing_ok=True)


def airflow_file(variables: Mapping[str, str], programs: Path) -> str:
    """Write the file's text.

    Args:
        variables: What is to be set.
        programs: The folder of the program ``airflow``.
    """
    lines = [f"{name}={quoted(value)}\n" for name, value in variables.items()]
    path = f'PATH="{_escaped(str(programs))}:${{PATH}}"\n'
    return "".join([_CLEARED, *lines, path, _LAST])


def quoted(value: str) -> str:
    """Quote a value for shells, and for readers of NAME=value lines, which mostly know no quote within quotes."""
    return f"'{value}'" if "'" not in value else f'"{_escaped(value)}"'


def _escaped(value: str) -> str:
    return re.sub(r'([\\"$`])', r"\\\1", value)
