"""From a source on the disk to its description, in bounded memory."""

from collections.abc import Callable
from pathlib import Path

from commands.describing.cell_store import CellStore
from commands.describing.column_types import find_types
from commands.describing.description import Description
from commands.describing.item_sizes import size_items
from commands.describing.key_choice import choose_key
from commands.describing.provisional import provisional_dataset
from commands.describing.self_check import checked
from commands.describing.source_proposal import SourceProposal, propose_source, reconsider
from commands.describing.whole_file import WholeFile, read_whole
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import open_duckdb

Tell = Callable[[str, int, int | None], None]
"""Is told what is being done, how much of it is done, and of how much (None: unknown)."""

_TRIED_ROWS = 2_000


def describe_source(path: Path, name: str, folder: Path, *, url: str, file_name: str, tell: Tell) -> Description:
    """Describe a source.

    Args:
        path: The source.
        name: The data set's name.
        folder: A private folder for what is written on the way.
        url: The source's address; empty: a file's, which nobody knows.
        file_name: The source's file name, which messages call it by.
        tell: Is told how far it is.

    Raises:
        MigrationError, MigrationPostponedError: It cannot be read, or the disk has no room.
        DatasetError: A setting or a name is none that a data set file takes.
    """

    def read(proposal: SourceProposal) -> WholeFile:
        dataset = provisional_dataset(name, proposal.settings)
        return read_whole(path, file_name, dataset, folder, lambda done, total: tell("read", done, total))

    proposal = propose_source(path, file_name, lambda done: tell("looked at", done, None))
    whole = read(proposal)
    better = reconsider(path, file_name, proposal, whole.rows, whole.rejects)
    if better is not None:
        proposal = better
        whole = read(proposal)
    space = DiskSpace(folder, f"describe {file_name}")
    with open_duckdb(space) as session:
        store = CellStore.load(session, whole.path, whole.headers, whole.rows, space)
        whole.path.unlink()  # its room is for what is counted
        columns = find_types(store, lambda done: tell("columns counted", done, len(whole.headers)))
        key = choose_key(store, columns)
        sizes = size_items(store, columns, key)
        description = Description(
            name=name,
            url=url,
            file_name=file_name,
            size=path.stat().st_size,
            rows=whole.rows,
            source=proposal,
            notes=_notes(proposal, whole),
            rejects=whole.rejects,
            reject_examples=whole.examples,
            columns=columns,
            key=key,
            sizes=sizes,
        )
        return checked(description, whole.headers, store.some_rows(_TRIED_ROWS), folder)


def _notes(proposal: SourceProposal, whole: WholeFile) -> list[str]:
    told = set(proposal.found)
    return [one for one in whole.notes.sentences() if one not in told]
