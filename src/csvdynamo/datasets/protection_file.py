"""Reads the `[protection]` table of a data set file."""

from csvdynamo.datasets.protection import Encryption, Protection
from csvdynamo.datasets.toml_fields import Fields

REDRIVE_DAYS = 16
"""The fewest days for what a redrive needs. Step Functions redrives within 14 days of an execution's end, an execution
lasts half a day at most, and a file that an earlier run left may be a day old when it starts."""
LANDING_DAYS = 2
"""The fewest days for a download: it may be a day old when a run takes it, and prepare must still find it."""
_MOST_DAYS = 36_500
_NEEDED = "a failed execution can be redriven for 14 days and needs these objects"


def read_protection(fields: Fields) -> Protection:
    """Read `[protection]`.

    Raises:
        DatasetError: A key is unknown or wrong, or an object would go while a run may still need it.
    """
    protection = Protection(
        encryption=Encryption(fields.choice("encryption", Encryption.DEFAULT, list(Encryption))),
        keep_landing_days=_days(fields, "keep_landing_days", LANDING_DAYS, "prepare reads the download"),
        keep_source_days=_days(fields, "keep_source_days", REDRIVE_DAYS, _NEEDED),
        keep_error_days=_days(fields, "keep_error_days", REDRIVE_DAYS, _NEEDED),
        keep_result_days=_days(fields, "keep_result_days", REDRIVE_DAYS, _NEEDED),
        keep_report_days=_days(fields, "keep_report_days", REDRIVE_DAYS, _NEEDED),
    )
    fields.done()
    return protection


def _days(fields: Fields, key: str, fewest: int, why: str) -> int | None:
    days: int | None = fields.integer(key, None, 1, _MOST_DAYS)
    if days is not None and days < fewest:
        fields.fail(key, f"must be at least {fewest}, because {why}; found {days}. Without the key they are kept")
    return days
