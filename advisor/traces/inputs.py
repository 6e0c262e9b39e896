"""Which files a command line means: files, folders, globs and standard input; each content once."""

from __future__ import annotations

import glob
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from advisor.errors import Fault, InputError

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Input:
    """One file to read. `asked`: the user named it, so that it must be readable; others may be skipped."""

    path: Path
    name: str
    asked: bool
    same_as: str | None = None


def inputs(given: Iterable[str], stdin: IO[bytes] | None = None) -> list[Input]:
    """Every file that the arguments mean, in order, folders walked by name; later copies of one content are marked.

    Links to folders are not followed, so that no loop can catch it. Only files of equal size are compared, by SHA-256.

    Raises:
        InputError: A path or a glob that names nothing, a folder without files.
    """
    found: list[Input] = []
    faults: list[Fault] = []
    for each in given:
        if each == "-":
            found.append(Input(_spooled(stdin), "(standard input)", asked=True))
            continue
        path = Path(each)
        if path.is_dir():
            inside = [Input(file, str(file), asked=False) for file in _walk(path)]
            found += inside
            faults += [] if inside else [Fault(each, "holds no files", "check the path")]
        elif path.is_file():
            found.append(Input(path, each, asked=True))
        elif path.exists():
            faults.append(Fault(each, "is no regular file", "name a file, a folder, a glob or -"))
        elif glob.has_magic(each):
            matches = [Path(match) for match in sorted(glob.glob(each, recursive=True))]  # noqa: PTH207
            files = [Input(match, str(match), asked=False) for match in matches if match.is_file()]
            found += files
            faults += [] if files else [Fault(each, "matches no files", "check the pattern; quote it from the shell")]
        elif "://" in each:
            faults.append(Fault(each, "is of no known scheme", "use clickhouse:// or postgresql://, or a path"))
        else:
            faults.append(Fault(each, "no such file", "check the path"))
    if faults:
        raise InputError(faults)
    return list(_once(found))


def _walk(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(here, name)
            if not name.startswith(".") and path.is_file():
                yield path


def _once(found: list[Input]) -> Iterator[Input]:
    sizes: dict[int, list[Input]] = {}
    for one in found:
        sizes.setdefault(one.path.stat().st_size, []).append(one)
    seen: dict[tuple[int, str], str] = {}
    for one in found:
        size = one.path.stat().st_size
        if len(sizes[size]) == 1 or size == 0:
            yield one
            continue
        key = (size, _digest(one.path))
        if key in seen:
            yield Input(one.path, one.name, one.asked, same_as=seen[key])
        else:
            seen[key] = one.name
            yield one


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _spooled(stdin: IO[bytes] | None) -> Path:
    """Standard input as a file, for its start is looked at before it is read."""
    if stdin is None:
        raise InputError([Fault("-", "there is no standard input", "name a file")])
    with tempfile.NamedTemporaryFile(prefix="advisor-", suffix=".stdin", delete=False) as file:
        while chunk := stdin.read(_CHUNK):
            file.write(chunk)
    return Path(file.name)
