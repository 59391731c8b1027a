"""One DAG for each file in ``datasets/``."""

from csvdynamo.dataset_file import load_datasets
from csvdynamo_airflow.dag import make_dag
from csvdynamo_airflow.settings import datasets_folder

for dataset in load_datasets(datasets_folder()).values():
    dag = make_dag(dataset)
    globals()[dag.dag_id] = dag
