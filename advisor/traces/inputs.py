"""Which files a command line means: files, folders, globs and standard input; each content once."""

from __future__ import annotations

import glob
import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from itertools import takewhile
from pathlib import Path
from typing import IO

from advisor.errors import Fault, InputError

_CHUNK = 1 << 20
STDIN = "(standard input)"


@dataclass(frozen=True)
class Input:
    """One file to read. `asked`: the user named it, so that it must be readable; others may be skipped."""

    path: Path
    name: str
    asked: bool
    size: int = 0
    same_as: str | None = None


def inputs(given: Iterable[str], stdin: IO[bytes] | None = None, folder: Path | None = None) -> list[Input]:
    """Every file that the arguments mean, in order, folders walked by name; later copies of one content are marked.

    Links to folders are not followed, so that no loop can catch it, and hidden files are left out. Only files of equal
    size are compared, by SHA-256.

    Args:
        given: The arguments, as typed.
        stdin: Where `-` is read from.
        folder: Where standard input is kept as a file; a temporary one that stays, unless given.

    Raises:
        InputError: A path or a glob that names nothing, a folder without files.
    """
    found: list[Input] = []
    faults: list[Fault] = []
    for each in given:
        try:
            found += _meant(each, stdin, folder)
        except InputError as error:
            faults += error.faults
        if each == "-":
            stdin = None
    if faults:
        raise InputError(faults)
    return list(_once(found))


def _meant(each: str, stdin: IO[bytes] | None, folder: Path | None) -> list[Input]:
    if each == "-":
        path = _spooled(stdin, folder)
        return [Input(path, STDIN, asked=True, size=_size(path))]
    if not each or "\0" in each:
        return _nothing(each or '""', "is no valid path", "check the path")
    path = Path(each)
    if path.is_dir():
        return _of(_walk(path)) or _nothing(each, "holds no files", "check the path")
    if path.is_file():
        return [Input(path, each, asked=True, size=_size(path))]
    if path.exists():
        return _nothing(each, "is no regular file", "name a file, a folder or a glob, or pipe it in and name -")
    if path.is_symlink():
        return _nothing(each, "is a link that leads nowhere", "check what it points to")
    if "://" in each:
        return _nothing(each, "is of no known scheme", "use clickhouse:// or postgresql://, or a path")
    if glob.has_magic(each):
        return _of(_matches(each)) or _nothing(each, "matches no files", "check the pattern; quote it from the shell")
    return _nothing(each, "no such file", "check the path")


def _nothing(place: str, what: str, mend: str) -> list[Input]:
    raise InputError([Fault(place, what, mend)])


def _of(paths: Iterable[Path]) -> list[Input]:
    return [Input(path, str(path), asked=False, size=_size(path)) for path in paths]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _walk(folder: Path) -> Iterator[Path]:
    for _, entries in _folders(folder):
        yield from (path for path in entries if path.is_file())


def _folders(folder: Path) -> Iterator[tuple[Path, list[Path]]]:
    """A folder and all below, however deep, each with what is in it; neither hidden ones nor links to folders."""
    left = [folder]
    while left:
        here = left.pop()
        entries = _entries(here, "*")
        yield here, entries
        left += reversed([path for path in entries if path.is_dir() and not path.is_symlink()])


def _matches(pattern: str) -> Iterator[Path]:
    """Files that match, and the files in folders that match; `**` stands for any folders, none of them linked."""
    parts = Path(pattern).parts
    plain = list(takewhile(lambda part: not glob.has_magic(part), parts))
    root = Path(*plain) if plain else Path()
    wanted = parts[len(plain) :]
    seen: set[Path] = set()
    for path in _matching(root, wanted):
        for file in [path] if path.is_file() else _walk(path):
            if file not in seen:
                seen.add(file)
                yield file


def _matching(folder: Path, wanted: tuple[str, ...]) -> Iterator[Path]:
    part, rest = wanted[0], wanted[1:]
    if part == "**":
        while rest[:1] == ("**",):
            rest = rest[1:]
        for here, entries in _folders(folder):
            if rest:
                yield from _matching(here, rest)
            else:
                yield from (path for path in entries if path.is_file())
        return
    for path in _entries(folder, part):
        if not rest:
            yield path
        elif path.is_dir():
            yield from _matching(path, rest)


def _entries(folder: Path, pattern: str) -> list[Path]:
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return []
    hidden = pattern.startswith(".")
    return [path for path in paths if fnmatch(path.name, pattern) and (hidden or not path.name.startswith("."))]


def _once(found: list[Input]) -> Iterator[Input]:
    sizes: dict[int, int] = {}
    for one in found:
        sizes[one.size] = sizes.get(one.size, 0) + 1
    seen: dict[tuple[int, str], str] = {}
    for one in found:
        digest = _digest(one.path) if one.size and sizes[one.size] > 1 else None
        if digest is None:
            yield one
        elif (one.size, digest) in seen:
            yield replace(one, same_as=seen[one.size, digest])
        else:
            seen[one.size, digest] = one.name
            yield one


def _digest(path: Path) -> str | None:
    """SHA-256 of a file; None where it cannot be read, which is said when it is opened."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _spooled(stdin: IO[bytes] | None, folder: Path | None) -> Path:
    """Standard input as a file, for its start is looked at before it is read."""
    if stdin is None:
        raise InputError([Fault("-", "there is no standard input left to read", "pipe a log in and name - once")])
    with tempfile.NamedTemporaryFile(prefix="advisor-", suffix=".stdin", delete=False, dir=folder) as file:
        while chunk := stdin.read(_CHUNK):
            file.write(chunk)
    return Path(file.name)
