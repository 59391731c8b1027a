"""What Airflow runs: the tasks, their operators and triggers, and how an error ends them."""
