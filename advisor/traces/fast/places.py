"""Where the records of a file of JSON lines stand: the line of a record, and records by their places.

A record's place is its number from 0, blank lines not counted: that is how DuckDB numbers what it reads.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, NamedTuple

from advisor.traces.packed import insides

_PIECE = 1 << 20
_BOM = b"\xef\xbb\xbf"


class _Piece(NamedTuple):
    """Whole lines of the file: where they start, the first one's number from 0, how many there are."""

    offset: int
    size: int
    first: int
    lines: int


class Places:
    """The places of a file's records; the file is looked through once, when first asked."""

    def __init__(self, path: Path, *, blanks: bool = True) -> None:
        """Takes the file; `blanks`: whether lines of it may be blank."""
        self._path, self._blanks = path, blanks
        self.records_read: int | None = None
        """How many records a scan found, where one did: as many as there are lines means that none is blank."""

    def line(self, place: int) -> int:
        """The line of a record, from 1."""
        line = place + 1
        for blank in self._blank:
            if blank > line:
                break
            line += 1
        return line

    def shifts(self) -> Iterator[tuple[int, int]]:
        """From which place on how many blank lines lie before a record."""
        yield 0, 0
        for number, blank in enumerate(self._blank):
            yield max(0, blank - number - 1), number + 1

    def records(self, places: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """The records at these places, in the file's order, with their lines."""
        for place, body in sorted(self.bodies(places).items()):
            yield self.line(place), body

    def bodies(self, places: Iterable[int]) -> dict[int, bytes]:
        """The records at these places; a packed file is unpacked once for all of them."""
        wanted = {self.line(place): place for place in places}
        found: dict[int, bytes] = {}
        starts = [piece.first for piece in self._pieces]
        by_piece: dict[int, list[int]] = {}
        for line in sorted(wanted):
            by_piece.setdefault(bisect_right(starts, line - 1) - 1, []).append(line)
        for piece, body in self._texts([self._pieces[index] for index in sorted(by_piece)]):
            lines = body.split(b"\n")
            for line in by_piece[bisect_right(starts, piece.first) - 1]:
                found[wanted[line]] = lines[line - 1 - piece.first].removeprefix(_BOM).rstrip(b"\r")
        return found

    @cached_property
    def _pieces(self) -> list[_Piece]:
        pieces, first = [], 0
        for offset, size, lines in self._counted() if packing(self._path) == "none" else self._unpacked():
            pieces.append(_Piece(offset, size, first, lines))
            first += lines
        return pieces

    def _counted(self) -> Iterator[tuple[int, int, int]]:
        """Offset, size and number of lines of each piece, without making an object of any of them."""
        buffer, offset = bytearray(_PIECE), 0
        with self._path.open("rb", buffering=0) as file:
            while size := file.readinto(buffer):
                end = buffer.rfind(b"\n", 0, size) + 1
                if end:
                    yield offset, end, buffer.count(b"\n", 0, end)
                else:
                    end = size + len(_to_the_end(file, offset + size))
                    yield offset, end, 1
                offset += end
                file.seek(offset)

    def _unpacked(self) -> Iterator[tuple[int, int, int]]:
        for offset, body in self._read():
            yield offset, len(body), body.count(b"\n") + (not body.endswith(b"\n"))

    @cached_property
    def _blank(self) -> list[int]:
        """The blank lines, from 1."""
        if not self._blanks:
            return []
        if self.records_read is not None and self._pieces:
            last = self._pieces[-1]
            if last.first + last.lines == self.records_read:
                return []
        found, number = [], 0
        for _, body in self._read():
            for line in body.removesuffix(b"\n").split(b"\n"):
                number += 1
                if not line or line.isspace():
                    found.append(number)
        return found

    def _texts(self, pieces: list[_Piece]) -> Iterator[tuple[_Piece, bytes]]:
        """The text of pieces: sought in a plain file, come upon in a packed one."""
        if not pieces:
            return
        with self._path.open("rb") as file:
            if packing(self._path) == "none":
                for piece in pieces:
                    file.seek(piece.offset)
                    yield piece, file.read(piece.size)
                return
        wanted = {piece.offset: piece for piece in pieces}
        for offset, body in self._read():
            if offset in wanted:
                yield wanted[offset], body
                if offset == pieces[-1].offset:
                    return

    def _read(self) -> Iterator[tuple[int, bytes]]:
        with self._path.open("rb") as file:
            if packing(self._path) == "none":
                yield from _read_pieces(file)
                return
        for inside in insides(self._path):
            yield from _read_pieces(inside.stream)
            return


@dataclass(frozen=True)
class Numbered:
    """The lines of a scanned file's rows, by row id."""

    first: int
    places: Places

    def __call__(self, row_id: int) -> int:
        """The line of a row, from 1."""
        return self.places.line(row_id - self.first)


def packing(path: Path) -> str:
    """How a file is packed, by its first bytes and not its name: gzip, zstd or none."""
    with path.open("rb") as file:
        start = file.read(4)
    return "gzip" if start[:2] == b"\x1f\x8b" else "zstd" if start == b"\x28\xb5\x2f\xfd" else "none"


def _to_the_end(file: IO[bytes], offset: int) -> bytes:
    """The rest of a line that is longer than a piece, or of a last line without an end."""
    file.seek(offset)
    reader = io.BufferedReader(file, 1 << 16)  # type: ignore[type-var]
    try:
        return reader.readline()
    finally:
        reader.detach()


def _read_pieces(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while body := _whole_lines(stream):
        yield offset, body
        offset += len(body)


def _whole_lines(stream: IO[bytes]) -> bytes:
    body = stream.read(_PIECE)
    return body if body.endswith(b"\n") or not body else body + stream.readline()
