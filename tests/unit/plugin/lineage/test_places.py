"""What the places of a run are called."""

import pytest

from csvdynamo_airflow.lineage.places import Place


@pytest.mark.parametrize(
    ("url", "namespace", "name"),
    [
        ("https://data.wa.gov/api/views/rows.csv?…", "https://data.wa.gov", "api/views/rows.csv"),
        ("https://example.org:8443/a%20b.csv", "https://example.org:8443", "a%20b.csv"),
        ("https://example.org?…", "https://example.org", "/"),
        ("http://127.0.0.1:8000/a.csv#x", "http://127.0.0.1:8000", "a.csv"),
        ("https://jo:" + "hunter2@example.org/a.csv?token=x", "https://example.org", "a.csv"),
        ("s3://cars/all/one?.csv", "s3://cars", "all/one?.csv"),
        ("/data/cars.csv", "file", "/data/cars.csv"),
    ],
)
def test_a_source_is_its_host_and_path_without_query_and_user(url: str, namespace: str, name: str) -> None:
    assert Place.of_source(url) == Place(namespace, name)


def test_an_object_is_its_data_sets_folder_and_told_beside_it() -> None:
    csv, lines = "reports/cars/cars-1/rejects.csv", "reports/cars/cars-1/rejects.jsonl"

    place = Place.of_object("bucket", csv, lines)

    assert place == Place("s3://bucket", "reports/cars", (f"s3://bucket/{csv}", f"s3://bucket/{lines}"))


@pytest.mark.parametrize("partition", ["aws", "aws-cn"])
def test_a_table_is_its_arn_in_two_halves(partition: str) -> None:
    execution = f"arn:{partition}:states:eu-west-1:123456789012:execution:csvdynamo-cars:cars-1"

    assert Place.of_table(execution, "tb_cars") == Place(
        f"arn:{partition}:dynamodb:eu-west-1:123456789012", "table/tb_cars"
    )
