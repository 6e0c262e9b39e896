"""Reads what a command line names into the table `events`, and says what was read, skipped and bad."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from advisor.traces import derive
from advisor.traces.inputs import inputs
from advisor.traces.loader import Loader
from advisor.traces.log import Log, Progress
from advisor.traces.mapping import NOTHING, LogMapping
from advisor.traces.table import connect

if TYPE_CHECKING:
    from advisor.traces.cache import Cache


def load(
    given: Sequence[str],
    *,
    mapping: LogMapping = NOTHING,
    stdin: IO[bytes] | None = None,
    memory: str | None = None,
    threads: int | None = None,
    cache: Cache | None = None,
    progress: Progress | None = None,
) -> Log:
    """Reads files, folders, globs and standard input (`-`).

    Args:
        given: The arguments, as typed.
        mapping: What the user knows of the log.
        stdin: Where `-` is read from.
        memory: DuckDB's limit, such as "512MB".
        threads: DuckDB's threads.
        cache: Where events of files that were read before are kept.
        progress: Told of each file and the share of all bytes that lies before it.

    Raises:
        InputError: Paths that do not exist, named files of no known format, or nothing that yields an event.
    """
    with tempfile.TemporaryDirectory(prefix="advisor-") as folder:
        wanted = inputs(given, stdin, Path(folder))
        con = connect(memory, threads)
        loader, table = Loader(Path(folder), mapping), None
        if cache:
            from advisor.traces.cache import filled

            table = filled(cache, loader, con, wanted, progress)
        if table is None:
            loader = Loader(Path(folder), mapping)
            loader.read_all(wanted, progress)
            loader.refuse()
            table = loader.table(con, wanted)
        loader.refuse()
        table.extend(derive.needed(mapping, loader.kinds))
    copies = derive.derive(table, mapping, loader.kinds)
    table.ready()
    if progress:
        progress("", 1.0)
    return Log(table, tuple(loader.files), loader.guessed, copies, loader.tally)
