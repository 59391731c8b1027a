"""Proposing how a source is written: the keys of ``[source]`` with which prepare takes its rows.

Candidates are made from a bounded beginning of the source and compared by what prepare's own reader makes of it
(`source_trial`). The rest is for the pass that counts the columns: it reads the whole file once with the proposal, and
tells `reconsider` how many records were no rows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from commands.describing.source_candidates import choose
from commands.describing.source_encoding import EncodingGuess, guess_encoding, is_mostly_utf8
from commands.describing.source_sample import SourceSample, find_member, take_sample
from commands.describing.source_trial import Trial, try_settings
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.reading.text_encoding import shown_encoding
from csvdynamo_airflow.reading.told_reading import shown_delimiter


@dataclass(frozen=True)
class SourceProposal:
    """How a source is written, as far as a data set file has to say it.

    Attributes:
        settings: Keys of ``[source]`` that differ from their defaults.
        reasons: Why, a sentence for each of them.
        found: What prepare's reader finds by itself, a sentence each.
        unsure: What is a guess, a sentence each.
        headers: The columns' names with these settings.
        rows: How many rows prepare takes of the part that was read.
        rejects: How many records of that part it does not, by code.
        read_whole: Whether that part is the whole file.
    """

    settings: Mapping[str, object]
    reasons: Mapping[str, str] = field(default_factory=dict)
    found: Sequence[str] = ()
    unsure: Sequence[str] = ()
    headers: tuple[str, ...] = ()
    rows: int = 0
    rejects: Mapping[str, int] = field(default_factory=dict)
    read_whole: bool = False


def _no_progress(_: int) -> None:
    """Nobody wants to know."""


def propose_source(path: Path, name: str, report_progress: Callable[[int], None] = _no_progress) -> SourceProposal:
    """Propose the settings with which prepare takes the most rows of a source.

    The source's bytes are read once, for its encoding and its end; its records are those of a bounded beginning alone.

    Args:
        path: The file.
        name: What to call it in messages.
        report_progress: Is told of the bytes read so far; it may raise to stop.

    Raises:
        MigrationError: No settings make it readable: it is no CSV, or nothing in it is a table.
    """
    member = find_member(path)
    base: dict[str, object] = {"member": member[0]} if member else {}
    sample = take_sample(path, name, base, report_progress)
    guess = guess_encoding(sample.high) if sample.high and not is_mostly_utf8(sample.high) else None
    if guess and guess.encoding != sample.encoding:
        base["encoding"] = guess.encoding
    with TemporaryDirectory(prefix="csvdynamo-describe-") as folder:
        choice = choose(sample, guess.encoding if guess else sample.encoding, Path(folder), name)
    settings = {**base, **choice.settings}
    reasons = {**choice.reasons}
    if member:
        reasons["member"] = member[1]
    if "encoding" in base:
        reasons["encoding"] = "Its letters are the likeliest ones: a guess."
    trial = choice.trial
    if sample.is_whole or member:
        trial = try_settings(path, name, settings)
        if trial.problem:
            raise MigrationError(trial.problem)
    return SourceProposal(
        settings,
        reasons,
        _found(sample, trial),
        [*(_told_guess(guess) if guess else ()), *choice.unsure],
        trial.headers,
        trial.good,
        dict(trial.rejects),
        read_whole=sample.is_whole,
    )


def _told_guess(guess: EncodingGuess) -> Iterator[str]:
    """Show cells as the likeliest encodings give them: who knows the data sees which is right."""
    if not guess.others:
        yield f"The encoding is a guess: {shown_encoding(guess.encoding)}. No other that was tried gives likely letters."
        return
    shown = (f"{shown_encoding(one)}: {', '.join(map(repr, cells))}" for one, cells in guess.cells.items())
    yield f"The encoding is a guess. Cells in the likeliest ones: {'; '.join(shown)}. source.encoding says another."


def _found(sample: SourceSample, trial: Trial) -> list[str]:
    """Say what prepare's reader finds without a setting."""
    sure = "" if sample.proven else ", a guess"
    found = [f"Encoding: {shown_encoding(sample.encoding)}{sure}."]
    if sample.compression:
        found.append(f"Packed in {sample.compression}.")
    found.append(f"Delimiter: {shown_delimiter(trial.source_format.delimiter)}.")
    return [*found, *trial.notes]
