import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).parents[3] / "src"
TALKS_TO_AWS = {"csvdynamo.writing.batch_writer", "csvdynamo.writing.error_stream", "csvdynamo.writing.fence"}


def test_only_the_modules_that_talk_to_aws_need_the_sdk() -> None:
    modules = {".".join(path.relative_to(SOURCES).with_suffix("").parts) for path in SOURCES.rglob("*.py")}
    pure = sorted(name for name in modules - TALKS_TO_AWS if not name.endswith("__init__") and ".aws." not in name)
    heavy = "{'boto3', 'botocore', 'airflow', 'aws_cdk'}"
    program = f"import sys, {', '.join(pure)}; print(sorted({heavy} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", program], cwd=SOURCES, capture_output=True, text=True, check=True)

    assert len(pure) > 10
    assert done.stdout.strip() == "[]"
