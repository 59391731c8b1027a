"""Keys of landed and prepared files: made of their digests, so that no file is ever written over another."""

from csvdynamo_airflow.documents.landing import landing_key
from csvdynamo_airflow.documents.prepared import prepared_key


def test_a_landed_file_keeps_its_name() -> None:
    assert landing_key("vehicles", "0f", "v.csv.gz") == "landing/vehicles/0f/v.csv.gz"


def test_a_prepared_file_is_unpacked_and_named_so() -> None:
    assert prepared_key("vehicles", "0f", "v.csv.gz") == "source/vehicles/0f/v.csv"
    assert prepared_key("vehicles", "0f", "v.csv.zst") == "source/vehicles/0f/v.csv"
    assert prepared_key("vehicles", "0f", "v.csv") == "source/vehicles/0f/v.csv"
