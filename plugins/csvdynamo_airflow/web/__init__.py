"""What Airflow's API server shows of the data sets' runs: the Migrations page's data."""
