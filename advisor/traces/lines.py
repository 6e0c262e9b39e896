"""Numbered lines of a stream, in bounded memory; what cannot be read is noted with its line."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable, Iterator
from typing import IO

LONGEST_LINE = 16 * 1024 * 1024
Note = Callable[[int, str], None]
_CHUNK = 1 << 18


class Damaged(OSError):
    """A packed stream whose content may be wrong, though all of it could be unpacked."""


class Bomb(OSError):
    """A packed stream that grows beyond all reason."""


def lines_of(stream: IO[bytes], bad: Note) -> Iterator[tuple[int, bytes]]:
    """Numbered lines without their ends.

    A byte-order mark is dropped, UTF-16 is read as such. Noted are lines longer than LONGEST_LINE, and where a packed
    stream breaks off: what was unpacked before the break is read.
    """
    splitter = _Splitter(bad)
    try:
        for chunk in _as_utf8(_chunks(stream)):
            yield from splitter.feed(chunk)
    except Bomb as error:
        bad(splitter.number + 1, str(error))
        return
    except Damaged as error:
        yield from splitter.end()
        bad(max(splitter.number, 1), str(error))
        return
    except (EOFError, zlib.error) as error:
        bad(splitter.number + 1, f"the packed stream breaks off here ({error})")
        return
    except OSError as error:  # gzip: a wrong checksum or length, or bytes behind the end that are no gzip
        yield from splitter.end()
        bad(max(splitter.number, 1), f"the packed stream is damaged ({error})")
        return
    except Exception as error:  # zstandard and lzma have exceptions of their own, imported only where they are used
        if type(error).__name__ not in ("ZstdError", "LZMAError"):
            raise
        bad(splitter.number + 1, f"the packed stream breaks off here ({error})")
        return
    yield from splitter.end()


class _Splitter:
    """Cuts chunks into lines; keeps what is held of the line that is not ended yet."""

    def __init__(self, bad: Note) -> None:
        self.number = 0
        self._bad = bad
        self._held: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes]]:
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            yield from self._line(line)
        self._hold(rest)

    def end(self) -> Iterator[tuple[int, bytes]]:
        if self._size:
            yield from self._line(b"")

    def _hold(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > LONGEST_LINE:
            self._held.clear()
        elif part:
            self._held.append(part)

    def _line(self, part: bytes) -> Iterator[tuple[int, bytes]]:
        self.number += 1
        if self._size:
            self._hold(part)
            line, size = b"".join(self._held), self._size
            self._held.clear()
            self._size = 0
        else:
            line, size = part, len(part)
        if size > LONGEST_LINE:
            self._bad(self.number, f"is longer than {LONGEST_LINE >> 20} MiB ({size >> 20} MiB)")
        else:
            yield self.number, line.rstrip(b"\r")


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    # `read1` gives what one read of the packed file yields, so that an error never takes good bytes with it.
    read = getattr(stream, "read1", stream.read)
    while chunk := read(_CHUNK):
        yield chunk


def _as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same text in UTF-8, without a byte-order mark."""
    start = b""
    for chunk in chunks:
        start += chunk
        if len(start) >= 4:
            break
    wide = _wide(start)
    if wide is None:
        yield start.removeprefix(codecs.BOM_UTF8)
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(wide)("replace")
    yield decoder.decode(start).removeprefix("\ufeff").encode("utf-8", "replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _wide(start: bytes) -> str | None:
    """UTF-16 by its mark, or by the zero bytes between its first characters."""
    if start.startswith(codecs.BOM_UTF16_LE) or (start[1:4:2] == b"\0\0" and start[0] and start[2]):
        return "utf-16-le"
    if start.startswith(codecs.BOM_UTF16_BE) or (len(start) > 3 and start[0:3:2] == b"\0\0" and start[1] and start[3]):
        return "utf-16-be"
    return None
