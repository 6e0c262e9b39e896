"""What stands in serialised columns: plain values and errors, from JSON, or from pickles that are only ever read.

A pickle is a program, and is never run: its opcodes are listed, and text and numbers are taken from the list.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import pickletools
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

LONGEST = 1 << 20
"""Characters from which on a serialised value is not looked into."""
_OPCODES = 400
_PLUMBING = frozenset("PROTO FRAME MEMOIZE PUT BINPUT LONG_BINPUT STOP".split())
_TEXTS = frozenset("SHORT_BINUNICODE BINUNICODE BINUNICODE8 UNICODE".split())
_NUMBERS = frozenset("BININT BININT1 BININT2 INT LONG LONG1 LONG4 BINFLOAT FLOAT".split())
_CONSTANTS: Mapping[str, bool | None] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}


class Plain(NamedTuple):
    """A value that could be read: None, a flag, a number, a text, or JSON."""

    value: Any


class Error(NamedTuple):
    """An error's type and message as far as they could be read, and the first number among its arguments."""

    type: str | None
    message: str | None
    number: int | None = None


def _opcodes(text: str) -> list[tuple[str, Any]] | None:
    """The first opcodes of a pickle in base64; None where the text is none."""
    # Every pickle since protocol 2 starts with the byte 0x80.
    if not text.startswith("gA") or len(text) > LONGEST:
        return None
    try:
        return list(_listed(base64.b64decode(text, validate=True)))
    except (ValueError, binascii.Error):
        return None


def _listed(data: bytes) -> Iterator[tuple[str, Any]]:
    try:
        for opcode, argument, _ in islice(pickletools.genops(io.BytesIO(data)), _OPCODES):
            yield opcode.name, argument
    except Exception:  # whatever a broken pickle makes the listing stumble over: what came before it stands
        return


def _json(text: str) -> Plain | None:
    try:
        return Plain(json.loads(text)) if len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        return None


def plain(text: Any) -> Plain | None:
    """The plain value that a serialised text holds; None where it holds something else, or cannot be read."""
    if not isinstance(text, str):
        return None
    listed = _opcodes(text)
    if listed is None:
        return _json(text)
    told = [(name, argument) for name, argument in listed if name not in _PLUMBING]
    if len(told) != 1 or listed[-1][0] != "STOP":
        return None
    name, argument = told[0]
    if name in _CONSTANTS:
        return Plain(_CONSTANTS[name])
    return Plain(argument) if name in _TEXTS | _NUMBERS else None


def error(text: Any) -> Error | None:
    """What a serialised error says; None where the text says nothing that can be read."""
    if not isinstance(text, str):
        return None
    listed = _opcodes(text)
    if listed is not None:
        return _pickled_error(listed)
    found = _json(text)
    return _json_error(found.value) if found else Error(None, text[:2000]) if text else None


def _pickled_error(listed: list[tuple[str, Any]]) -> Error | None:
    kind: str | None = None
    texts: list[str] = []
    number: int | None = None
    for name, argument in listed:
        if name in _TEXTS:
            texts.append(str(argument))
        elif name in ("STACK_GLOBAL", "GLOBAL"):
            named = str(argument).rpartition(" ")[2] if name == "GLOBAL" else (texts[-1:] or [""])[0]
            if name == "STACK_GLOBAL":
                del texts[-2:]
            if kind is None:
                kind = named
                texts.clear()
            else:
                texts.append(named)
        elif name in _NUMBERS and number is None and kind is not None and isinstance(argument, int):
            number = argument
        elif name == "EMPTY_DICT" and kind is not None:
            break  # from here on: the error's attributes, which repeat its arguments
    return Error(kind, ": ".join(dict.fromkeys(texts)) or None, number) if kind or texts else None


def _json_error(value: Any) -> Error | None:
    if isinstance(value, str):
        return Error(None, value)
    if not isinstance(value, Mapping):
        return None
    inner = value.get("json")
    if isinstance(inner, Mapping):
        value = inner
    reduced = value.get("py/reduce")
    if isinstance(reduced, list) and len(reduced) > 1:
        kind = reduced[0].get("py/type") if isinstance(reduced[0], Mapping) else None
        told = reduced[1].get("py/tuple") if isinstance(reduced[1], Mapping) else None
        texts = [one for one in told if isinstance(one, str)] if isinstance(told, list) else []
        return Error(str(kind).rpartition(".")[2] if kind else None, ": ".join(texts) or None)
    kind, message = value.get("name"), value.get("message")
    if not isinstance(kind, str) and not isinstance(message, str):
        return None
    return Error(kind if isinstance(kind, str) else None, message if isinstance(message, str) else None)
