"""Makes every data set file that is wrong an import error of Airflow's, and no DAG.

It is a file of its own because Airflow starts no DAG of a file that has an import error.
"""

from csvdynamo.datasets.dataset_file import dataset_paths, load_dataset
from csvdynamo.errors import DatasetError
from csvdynamo_airflow.settings import datasets_folder
from csvdynamo_airflow.tasks.notifiers import refuse_wrong_notifiers

wrong = []
for path in dataset_paths(datasets_folder()):
    try:
        refuse_wrong_notifiers(load_dataset(path))
    except DatasetError as error:
        wrong.append(str(error))
if wrong:
    raise DatasetError(*wrong)
