"""An Airflow home of the tests' own, since importing Airflow makes one: importing this module first sets it."""

import atexit
import os
import shutil
import tempfile

_HOME = tempfile.mkdtemp(prefix="csvdynamo-airflow-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ["AIRFLOW_HOME"] = _HOME
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
