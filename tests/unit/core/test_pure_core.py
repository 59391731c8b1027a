import subprocess
import sys
from pathlib import Path

LAMBDAS = Path(__file__).parents[3] / "lambdas"
TALKS_TO_AWS = {"answer_checksum", "aws_errors", "batch_writer", "clients", "error_stream"}


def test_only_the_modules_that_talk_to_aws_need_the_sdk() -> None:
    modules = sorted(path.stem for path in (LAMBDAS / "csvdynamo").glob("*.py"))
    pure = [f"csvdynamo.{name}" for name in modules if name not in TALKS_TO_AWS | {"__init__"}]
    heavy = "{'boto3', 'botocore', 'airflow', 'aws_cdk'}"
    program = f"import sys, {', '.join(pure)}; print(sorted({heavy} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", program], cwd=LAMBDAS, capture_output=True, text=True, check=True)

    assert len(pure) > 10
    assert done.stdout.strip() == "[]"
