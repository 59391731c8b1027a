"""Settings of an Airflow whose tasks and triggers find imported what they import."""

from tests.support.preload import preload

preload()
