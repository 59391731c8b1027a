"""The Airflow plugin of csvdynamo. Airflow imports this module at every start: it imports nothing heavy."""

from airflow.plugins_manager import AirflowPlugin


class CsvdynamoPlugin(AirflowPlugin):
    """Makes csvdynamo known to Airflow."""

    name = "csvdynamo"
