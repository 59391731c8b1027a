"""How a source is written, as settings of ``[source]``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from csvdynamo_airflow.storage.growing_file import ReportProgress


@dataclass(frozen=True)
class SourceProposal:
    """Settings of ``[source]``, and what speaks for them.

    Attributes:
        settings: The keys that differ from their defaults.
        reasons: A sentence for each of them.
        found: What the reader finds by itself.
        unsure: What is not sure.
    """

    settings: Mapping[str, object]
    reasons: Mapping[str, str]
    found: Sequence[str]
    unsure: Sequence[str]


def propose_source(path: Path, name: str, report_progress: ReportProgress) -> SourceProposal:
    """Propose the settings."""
    return SourceProposal({}, {}, (), ())
