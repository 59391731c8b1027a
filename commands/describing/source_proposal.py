"""Proposing how a source is written: the keys of ``[source]`` with which prepare takes its rows.

Candidates are made from a bounded beginning of the source and compared by what prepare's own reader makes of it
(`source_trial`). The rest is for the pass that counts the columns: it reads the whole file once with the proposal, and
asks `reconsider` where that made more rejects than the beginning did.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from commands.describing.provisional import Settings
from commands.describing.source_candidates import Text, choose
from commands.describing.source_encoding import EncodingGuess, guess_encoding, is_mostly_utf8
from commands.describing.source_footer import find_total
from commands.describing.source_merit import Candidate
from commands.describing.source_sample import (
    SourceSample,
    begins_one_line,
    find_member,
    spread_text,
    take_sample,
)
from commands.describing.source_trial import Trial, try_settings
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.reading.text_encoding import shown_encoding
from csvdynamo_airflow.reading.told_reading import shown_delimiter

_MORE_REJECTS = 2  # times those of the beginning
_FEW_REJECTS = 0.001
_FEW_ABOVE = 2


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
        encoding: The source's encoding, found or told.
    """

    settings: Mapping[str, object]
    reasons: Mapping[str, str] = field(default_factory=dict)
    found: Sequence[str] = ()
    unsure: Sequence[str] = ()
    headers: tuple[str, ...] = ()
    rows: int = 0
    rejects: Mapping[str, int] = field(default_factory=dict)
    read_whole: bool = False
    encoding: str = "utf-8"


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
    reasons = {"member": member[1]} if member else {}
    sample = take_sample(path, name, base, report_progress)
    guess = guess_encoding(sample.high) if sample.high and not is_mostly_utf8(sample.high) else None
    encoding = guess.encoding if guess else sample.encoding
    if encoding != sample.encoding:
        base["encoding"] = encoding
        reasons["encoding"] = "Its letters are the likeliest ones: a guess."
    comes_once = partial(begins_one_line, path, name, base, encoding)
    best = _chosen(Text(sample.text(encoding), sample.end_text(encoding), comes_once), name)
    settings = {**base, **best.told.settings}
    trial = best.trial
    if sample.is_whole or member:
        trial = try_settings(path, name, settings)
        if trial.problem:
            raise MigrationError(trial.problem)
    return SourceProposal(
        settings,
        {**reasons, **best.told.reasons},
        _found(sample, trial, settings),
        [*(_told_guess(guess) if guess else ()), *_doubts(best, sample)],
        trial.headers,
        trial.good,
        dict(trial.rejects),
        read_whole=sample.is_whole,
        encoding=encoding,
    )


def reconsider(
    path: Path, name: str, proposal: SourceProposal, rows: int, rejects: Mapping[str, int]
) -> SourceProposal | None:
    """Look for better settings, once a source was read to its end and had more rejects than its beginning.

    Args:
        path: The file.
        name: What to call it in messages.
        proposal: With what it was read.
        rows: How many rows prepare took.
        rejects: How many records it did not, by code.

    Returns:
        Settings with which prepare takes more rows: it was read with them to its end, too. None where there are none.
    """
    if proposal.read_whole or not _is_worse(proposal, rows, rejects):
        return None
    better = [trial for trial in _others(path, name, proposal) if not trial.problem and trial.good > rows]
    if not better:
        return None
    best = max(better, key=lambda trial: (trial.good, -len(trial.settings)))
    why = "Rows that come later than the first ones need it."
    reasons = {key: proposal.reasons.get(key, why) for key in best.settings}
    return SourceProposal(
        best.settings,
        reasons,
        proposal.found,
        proposal.unsure,
        best.headers,
        best.good,
        dict(best.rejects),
        read_whole=True,
        encoding=proposal.encoding,
    )


def _is_worse(proposal: SourceProposal, rows: int, rejects: Mapping[str, int]) -> bool:
    bad, before = sum(rejects.values()), sum(proposal.rejects.values())
    share = before / max(1, before + proposal.rows)
    return bad > max(_FEW_REJECTS, _MORE_REJECTS * share) * (rows + bad)


def _others(path: Path, name: str, proposal: SourceProposal) -> Iterator[Trial]:
    """Try other settings on the whole source: those that its parts ask for, and one for what was blank at first."""
    base = {key: value for key, value in proposal.settings.items() if key in ("member", "encoding")}
    tried: list[Settings] = [proposal.settings]
    try:
        best = _chosen(Text(spread_text(path, name, base, proposal.encoding), end="\n"), name)
        tried.append({**base, **best.told.settings})
    except MigrationError:
        pass  # parts of it are no table: what was proposed stays
    tried += [{"nameless": "number", **proposal.settings}, {**proposal.settings, "short_rows": "pad"}]
    for place, settings in enumerate(tried):
        if settings not in tried[:place]:
            yield try_settings(path, name, settings)


def _chosen(text: Text, name: str) -> Candidate:
    with TemporaryDirectory(prefix="csvdynamo-describe-") as folder:
        return choose(text, Path(folder), name)


def _doubts(best: Candidate, sample: SourceSample) -> Iterator[str]:
    """Say what of a choice is a guess."""
    yield from best.told.unsure
    if not best.place.rows:
        yield "There are no rows: nothing shows whether the header is one."
    elif abs(best.place.vote) < 0.5 * best.trial.width**0.5:
        what = "names" if best.place.header else "values"
        yield f"Whether the first record of the table is a header: taken for {what}; source.header says otherwise."
    if (total := find_total(best.place.rows)) is not None:
        yield f"A record in line {total.line + 1:,} looks like totals, and nothing says so to prepare: it is a row."
    if len(best.above) > _FEW_ABOVE:
        yield f"{len(best.above):,} records above the table have several cells; they are taken for none of its rows."
    if best.trial.bad and not sample.is_whole:
        yield f"Of the first {best.trial.good + best.trial.bad:,} records {best.trial.bad:,} are no rows."


def _told_guess(guess: EncodingGuess) -> Iterator[str]:
    """Show cells as the likeliest encodings give them: who knows the data sees which is right."""
    if not guess.others:
        yield f"The encoding is a guess: {shown_encoding(guess.encoding)}. No other gives likely letters."
        return
    shown = (f"{shown_encoding(one)}: {', '.join(map(repr, cells))}" for one, cells in guess.cells.items())
    yield f"The encoding is a guess. Cells in the likeliest ones: {'; '.join(shown)}. source.encoding says another."


def _found(sample: SourceSample, trial: Trial, settings: Settings) -> list[str]:
    """Say what prepare's reader finds without a setting."""
    found = []
    if "encoding" not in settings:
        found.append(f"Encoding: {shown_encoding(sample.encoding)}{'' if sample.proven else ', a guess'}.")
    if sample.compression:
        found.append(f"Packed in {sample.compression}.")
    if "delimiter" not in settings:
        found.append(f"Delimiter: {shown_delimiter(trial.source_format.delimiter)}.")
    return [*found, *trial.notes]
