"""MessagePack as LangGraph's serialiser writes it: objects are extensions that name their class and hold its fields.

Nothing is made of a class: an object is read as its fields, or as its one argument.
"""

from __future__ import annotations

import struct
from typing import Any

DEEPEST = 48
_SIZES = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}
_SIZES |= {0xC7: 1, 0xC8: 2, 0xC9: 4}
_NUMBERS = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q"}
_NUMBERS |= {0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
_FIELDS = range(6)
"""Codes of extensions that are a list: the module, the class, and its arguments."""


def decoded(data: bytes) -> Any:
    """The value that the bytes hold.

    Raises:
        ValueError: They hold none, break off, or lie too deep.
    """
    reader = _Reader(data)
    value = reader.value(0)
    if reader.at != len(data):
        raise ValueError("more than one value")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def _take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self._data):
            raise ValueError("breaks off")
        taken, self.at = self._data[self.at : end], end
        return taken

    def _size(self, lead: int) -> int:
        return int.from_bytes(self._take(_SIZES[lead]), "big")

    def value(self, depth: int) -> Any:
        if depth > DEEPEST:
            raise ValueError("lies too deep")
        lead = self._take(1)[0]
        if lead < 0x80 or lead >= 0xE0:
            return lead if lead < 0x80 else lead - 0x100
        if lead in _CONSTANTS:
            return _CONSTANTS[lead]
        if lead in _NUMBERS:
            return struct.unpack(_NUMBERS[lead], self._take(struct.calcsize(_NUMBERS[lead])))[0]
        if lead <= 0x8F or lead in (0xDE, 0xDF):
            return self._object(lead & 0x0F if lead <= 0x8F else self._size(lead), depth)
        if lead <= 0x9F or lead in (0xDC, 0xDD):
            return [self.value(depth + 1) for _ in range(lead & 0x0F if lead <= 0x9F else self._size(lead))]
        if lead <= 0xBF or lead in (0xD9, 0xDA, 0xDB):
            return self._take(lead & 0x1F if lead <= 0xBF else self._size(lead)).decode("utf-8", "replace")
        if lead in (0xC4, 0xC5, 0xC6):
            return self._take(self._size(lead)).hex()
        if lead in (0xC7, 0xC8, 0xC9) or 0xD4 <= lead <= 0xD8:
            return self._extension(1 << (lead - 0xD4) if lead >= 0xD4 else self._size(lead), depth)
        raise ValueError("is no MessagePack")

    def _object(self, size: int, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for _ in range(size):
            key = self.value(depth + 1)
            made[str(key)] = self.value(depth + 1)
        return made

    def _extension(self, size: int, depth: int) -> Any:
        code, inner = self._take(1)[0], self._take(size)
        if code not in _FIELDS:
            return inner.hex()
        told = _Reader(inner).value(depth + 1)
        return told[2] if isinstance(told, list) and len(told) > 2 else told
