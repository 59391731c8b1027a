"""What a gate asks of a person, and the answer. Values, and what tells whether one belongs to the other."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from csvdynamo_airflow.documents.task_documents import reading

REFUSAL_XCOM = "refusal"
"""XCom key of the answer of a person who did not let the run go on, or of nobody: the task approve has failed then."""

_SHOWN_DIGITS = 8


@dataclass(frozen=True)
class Question:
    """What would have failed a run, and a person may let pass.

    Attributes:
        gate: The setting that would have: its dotted name in the data set file.
        sentence: What is the matter.
        numbers: What it rests on, each number under its name.
    """

    gate: str
    sentence: str
    numbers: Mapping[str, int | float]

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        return {**asdict(self), "numbers": dict(self.numbers)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(document["gate"], document["sentence"], dict(document["numbers"]))


@dataclass(frozen=True)
class Approval:
    """A person's answer.

    Attributes:
        asked: The digest of what was asked (`asked_digest`).
        approved: Whether the run may go on.
        by: Who answered, as Airflow names them; "" where nobody did in time.
        at: When, in seconds since the epoch.
    """

    asked: str
    approved: bool
    by: str
    at: float

    def sentence(self) -> str:
        """Say who answered what, and when."""
        did = "approved" if self.approved else "rejected"
        return f"{self.by} {did} it at {moment(self.at)}." if self.by else "Nobody answered in time."

    def lets_pass(self, asked: str) -> bool:
        """Say whether it lets pass what has this name, and not another file or other questions."""
        return self.approved and self.asked == asked

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote.

        Raises:
            DocumentError: It is none.
        """
        with reading("What the task approve left"):
            return cls(**{name: document[name] for name in cls.__dataclass_fields__})


def asked_digest(files: Sequence[str], rules: str, questions: Sequence[Question]) -> str:
    """Name what is asked: one prepared file, by the rules that it was prepared by, and each question with its numbers.

    Args:
        files: The digests of the file, and of that of its rows that are written.
        rules: The rules' digest.
        questions: The questions.
    """
    document = [*files, rules, [question.to_json() for question in questions]]
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def moment(at: float) -> str:
    """Write a moment, given in seconds since the epoch, for a person."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def short(asked: str) -> str:
    """Shorten such a name, for a person."""
    return asked[:_SHOWN_DIGITS]
