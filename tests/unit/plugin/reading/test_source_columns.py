"""Which columns are migrated: all of a source, and of a corrected error CSV those that its publisher wrote."""

from csvdynamo.rules.codes import RejectCode
from csvdynamo_airflow.reading.record_blocks import BadRecord
from csvdynamo_airflow.reading.source_columns import SourceColumns

HELPERS = ["_row", "_code", "_column", "_message"]


def narrow_or_wide(*fields: str) -> BadRecord:
    return BadRecord(RejectCode.BAD_WIDTH, "", list(fields))


def test_every_column_of_a_source_is_migrated_as_it_is() -> None:
    columns = SourceColumns.of(["'=id", "_code", "_extra"])

    assert columns.headers == ("'=id", "_code", "_extra")
    assert columns.migrated(["'=1", "a", "b"]) == ["'=1", "a", "b"]
    assert columns.migrated_part(narrow_or_wide("'=1")) == narrow_or_wide("'=1")


def test_of_an_error_csv_the_helper_columns_are_left_aside_wherever_they_stand() -> None:
    columns = SourceColumns.of(["_message", "'=id", "_row", "_code", "city", "_column", "_extra", "_lines"])

    assert columns.headers == ("=id", "city")
    assert columns.migrated(["m", "'=1", "7", "c", "Kent", "id", "x", "y"]) == ["=1", "Kent"]


def test_a_record_of_an_error_csv_that_is_too_wide_keeps_its_fields_and_the_surplus() -> None:
    columns = SourceColumns.of(["id", "city", *HELPERS])

    kept = columns.migrated_part(narrow_or_wide("'-1", "Kent", "7", "c", "id", "m", "more"))

    assert kept == narrow_or_wide("-1", "Kent", "more")


def test_a_record_of_an_error_csv_that_is_too_narrow_keeps_the_fields_that_it_has() -> None:
    columns = SourceColumns.of(["id", *HELPERS, "city"])

    assert columns.migrated_part(narrow_or_wide("1", "7", "c")) == narrow_or_wide("1")
