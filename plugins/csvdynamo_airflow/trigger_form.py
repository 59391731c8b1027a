"""The form that a person triggers a data set's DAG with."""

from airflow.sdk import Param

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.sources import told_in_form
from csvdynamo_airflow.parameters import source_url_schema

_OVERRULE = "To overrule a check"
_REPLAY = "To take back the rows that a run left out"
_TAKE_BACK = "To take a run back"
_RUN_ID_LENGTH = 250
# Airflow's form marks a field as required whose type is not null as well.
_TEXT_OR_NONE = ["string", "null"]


def trigger_form(dataset: Dataset) -> dict[str, Param]:
    """Make the trigger form: what most runs are given first, what overrules a check in a section of its own."""
    source = dataset.source
    examples = list(dict.fromkeys([source.url, *(rule.url for rule in source.allowed_objects if not rule.is_prefix)]))
    return {
        "source_url": Param(
            source.url,
            description=f"Where the CSV is: {told_in_form()}. It may be gzipped. {_allowed(source)}Credentials belong "
            "into the Airflow connection that the data set file names.",
            schema={"title": "Source", **source_url_schema(), "examples": examples},
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description="Stop after prepare: nothing is written to the table, and the report tells of rejects, of a "
            "changed header, and of what a run would do and cost.",
        ),
        "accept_source": Param(
            False,
            type="boolean",
            title="Accept the source",
            section=_OVERRULE,
            description="Migrate the source although it has far fewer rows than the last green run's, or a last record "
            "that is no row; roll a run back although some of its items cannot be put back.",
        ),
        "force": Param(
            False,
            type="boolean",
            title="Force",
            section=_OVERRULE,
            description="Migrate again whenever this run is cleared after it succeeded, the table damaged or not; and "
            "every row, where the data set file asks for what changed alone.",
        ),
        "replay": Param(
            "",
            type=_TEXT_OR_NONE,
            maxLength=_RUN_ID_LENGTH,
            title="Replay",
            section=_REPLAY,
            description="The id of the run. Its own rejects.csv is tried again, by the rules of now, if Source is left "
            "as it is; otherwise give the corrected one as Source. Only those rows run. Of rows with one key, those in "
            "the table among them, `duplicates` says which is written.",
        ),
        "rollback": Param(
            "",
            type=_TEXT_OR_NONE,
            maxLength=_RUN_ID_LENGTH,
            title="Roll back",
            section=_TAKE_BACK,
            description="The id of the run that wrote last: what it wrote or deleted is put back from the green run "
            "before it. Items that somebody has changed since are left alone, and listed. The source is not read.",
        ),
    }


def _allowed(source: Source) -> str:
    allowed = [*map(str, source.allowed_hosts), *(rule.url for rule in source.allowed_objects)]
    return f"The data set file allows {', '.join(allowed)}. " if allowed else ""
