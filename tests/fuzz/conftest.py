"""An Airflow home of the tests' own."""

import tests.airflow_home  # noqa: F401
