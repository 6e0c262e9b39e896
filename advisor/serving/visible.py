"""Shows a model what a person would see of text from logs: hidden characters as escapes, long texts by their start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from advisor.errors import printable

LONGEST = 2_000
"""Convention: characters of one text."""


def visible(value: Any, mask: Callable[[str], str] = str) -> Any:
    """Plain JSON values with every text and every key made visible.

    Characters that a terminal obeys or nobody sees (control, bidirectional, zero width, tags) can hide instructions.

    Args:
        value: The values.
        mask: What a text becomes first, such as `redact`.
    """
    if isinstance(value, str):
        text = "\n".join(map(printable, mask(value).split("\n")))
        return text if len(text) <= LONGEST else f"{text[:LONGEST]} … ({len(text) - LONGEST} more characters)"
    if isinstance(value, dict):
        return {visible(key, mask): visible(each, mask) for key, each in value.items()}
    if isinstance(value, list):
        return [visible(each, mask) for each in value]
    return value
