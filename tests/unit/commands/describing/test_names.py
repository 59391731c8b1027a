"""What a source's name gives: the data set's, and the file's."""

import pytest

from commands.describing.names import dataset_name_of, file_name_of, is_dataset_name


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("cars.csv", "cars.csv"),
        ("/data/my cars.csv.gz", "my cars.csv.gz"),
        ("https://example.com/a/rows.csv?accessType=DOWNLOAD", "rows.csv"),
        ("https://example.com/a/cars%20of%202019.csv", "cars of 2019.csv"),
        ("https://example.com/", "source.csv"),
        ("https://example.com/a%2Fb.csv", "b.csv"),
        ("a\nb.csv", "a_b.csv"),
    ],
)
def test_the_file_name(source: str, name: str) -> None:
    assert file_name_of(source) == name


def test_a_long_file_name_keeps_its_end() -> None:
    assert file_name_of("ü" * 300 + ".csv").endswith("ü.csv")
    assert len(file_name_of("ü" * 300 + ".csv").encode()) <= 200


@pytest.mark.parametrize(
    ("file_name", "name"),
    [
        ("cars.csv", "cars"),
        ("Electric_Vehicle_Population_Data.csv.gz", "electric_vehicle_population_dat"),
        ("Cars of 2019.CSV", "cars_of_2019"),
        ("2019-cars.txt", "csv_2019_cars"),
        ("Übersicht.csv", "ubersicht"),
        ("臺北.csv", "csv"),
        ("cars", "cars"),
        (".csv", "csv"),
    ],
)
def test_the_data_sets_name(file_name: str, name: str) -> None:
    assert dataset_name_of(file_name) == name
    assert is_dataset_name(name)


@pytest.mark.parametrize("name", ["Cars", "1cars", "c" * 32, "my-cars", "", "../cars"])
def test_no_name_of_a_data_set(name: str) -> None:
    assert not is_dataset_name(name)
