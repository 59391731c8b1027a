"""What of the core needs more than Python: the AWS SDK where AWS is called, pydantic where data set files are read."""

import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).parents[3] / "src"
TALKS_TO_AWS = {
    "csvdynamo.aws.answer_checksum",
    "csvdynamo.aws.aws_errors",
    "csvdynamo.aws.batch_write",
    "csvdynamo.aws.clients",
    "csvdynamo.aws.kept_connections",
    "csvdynamo.writing.batch_writer",
    "csvdynamo.writing.deleter",
    "csvdynamo.writing.guarded_writer",
    "csvdynamo.writing.table_items",
}
MODULES = {
    ".".join(path.relative_to(SOURCES).with_suffix("").parts)
    for path in SOURCES.rglob("*.py")
    if path.name != "__init__.py"
}


def test_all_else_needs_the_standard_library_alone() -> None:
    pure = sorted(name for name in MODULES - TALKS_TO_AWS if ".datasets." not in name)

    # -S: without any package that is installed.
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import {', '.join(pure)}"],
        check=False,
        cwd=SOURCES,
        capture_output=True,
        text=True,
    )

    assert len(pure) > 20
    assert done.returncode == 0, done.stderr


def test_reading_data_set_files_needs_no_aws_sdk_and_no_airflow() -> None:
    reading = sorted(name for name in MODULES if ".datasets." in name)
    heavy = "{'boto3', 'botocore', 'airflow', 'aws_cdk'}"
    program = f"import sys, {', '.join(reading)}; print(sorted({heavy} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", program], cwd=SOURCES, capture_output=True, text=True, check=True)

    assert len(reading) > 5
    assert done.stdout.strip() == "[]"
