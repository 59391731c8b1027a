"""The Airflow DAGs: one for each file in ``datasets/``.

A file that is wrong costs its own data set's DAG alone; ``csvdynamo_dataset_files.py`` says what is wrong with it.
"""

from csvdynamo.datasets.dataset_file import dataset_paths, load_dataset
from csvdynamo.errors import DatasetError
from csvdynamo_airflow.dag import make_dag
from csvdynamo_airflow.settings import datasets_folder

for path in dataset_paths(datasets_folder()):
    try:
        dag = make_dag(load_dataset(path))
    except DatasetError:
        continue
    globals()[dag.dag_id] = dag
