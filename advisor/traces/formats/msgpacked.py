"""MessagePack as LangGraph's serialiser writes it: objects are extensions that name their class and hold its fields.

Nothing is made of a class: an object is read as its fields, or as its one argument.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

DEEPEST = 48
_FIELDS = range(6)
"""Codes of extensions that are a list: the module, the class, and its arguments."""


def decoded(data: bytes, depth: int = 0) -> Any:
    """The value that the bytes hold; bytes in it as hexadecimal text.

    Raises:
        ValueError: They hold none, break off, or lie too deep.
    """
    import msgpack

    def extension(code: int, inner: bytes) -> Any:
        if code not in _FIELDS:
            return inner.hex()
        told = decoded(inner, depth + 1)
        return told[2] if isinstance(told, list) and len(told) > 2 else told

    if depth > DEEPEST:
        raise ValueError("lies too deep")
    try:
        return msgpack.unpackb(
            data,
            ext_hook=extension,
            list_hook=lambda found: [_text(each) for each in found],
            object_pairs_hook=_object,
            strict_map_key=False,
            unicode_errors="replace",
            timestamp=1,
        )
    except (msgpack.UnpackException, TypeError, OverflowError) as error:
        raise ValueError(str(error)) from None


def plain(data: bytes) -> str | None:
    """The text that a value is, or a list of it alone; None where it is something else."""
    try:
        value = decoded(data)
    except ValueError:
        return None
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    return value if isinstance(value, str) else None


def _object(pairs: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    return {str(_text(key)): _text(value) for key, value in pairs}


def _text(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
