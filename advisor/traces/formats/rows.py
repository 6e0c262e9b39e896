"""What the rows of an agent runtime have in common: free attributes, tokens, errors, and how a row is finished."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.traces import values
from advisor.traces.attributes import fill
from advisor.traces.formats.chat import loaded
from advisor.traces.records import Event, get, text_of

_TOKENS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "input_tokens": (("input_tokens",), ("prompt_tokens",), ("prompt_token_count",), ("promptTokenCount",)),
    "output_tokens": (
        ("output_tokens",),
        ("completion_tokens",),
        ("candidates_token_count",),
        ("candidatesTokenCount",),
    ),
    "cache_read_tokens": (
        ("cache_read_input_tokens",),
        ("cached_input_tokens",),
        ("input_tokens_cache_read",),
        ("cached_prompt_tokens",),
        ("input_token_details", "cache_read"),
        ("input_tokens_details", "cached_tokens"),
        ("prompt_tokens_details", "cached_tokens"),
    ),
    "cache_creation_tokens": (
        ("cache_creation_input_tokens",),
        ("input_tokens_cache_write",),
        ("input_token_details", "cache_creation"),
    ),
    "reasoning_tokens": (
        ("reasoning_tokens",),
        ("output_token_details", "reasoning"),
        ("output_tokens_details", "reasoning_tokens"),
        ("completion_tokens_details", "reasoning_tokens"),
    ),
}
# Anthropic's own usage counts cached input beside `input_tokens`; everyone else's, and this model's, within.
_BESIDE = ("cache_read_input_tokens", "cache_creation_input_tokens")


def tokens(usage: Any) -> Event:
    """Token columns from a vendor's usage object; empty where it is none."""
    if not isinstance(usage, Mapping):
        return {}
    made: Event = {}
    for column, paths in _TOKENS.items():
        count = next((n for n in (values.number(get(usage, *path)) for path in paths) if n is not None), None)
        if count is not None and count >= 0:
            made[column] = count
    if "input_tokens" in made:
        made["input_tokens"] += sum(max(values.number(usage.get(name)) or 0, 0) for name in _BESIDE)
        made["input_tokens"] = min(made["input_tokens"], values.LARGEST)
    return made


def emitted(*places: Any) -> dict[str, Any]:
    """The attributes in free-form places that follow a convention: `sdb.*` and `gen_ai.*`; the first place counts.

    Bare names are left out: in a place where anybody writes anything, `step` or `name` may mean something else.
    """
    found: dict[str, Any] = {}
    for place in map(loaded, places):
        if isinstance(place, Mapping):
            for name, value in place.items():
                if isinstance(name, str) and name.startswith(("sdb.", "gen_ai.")):
                    found.setdefault(name, value)
        elif isinstance(place, list):
            for tag in place:
                name, mark, value = tag.partition("=") if isinstance(tag, str) else ("", "", "")
                if mark and name.startswith(("sdb.", "gen_ai.")):
                    found.setdefault(name, value)
    return found


def finished(event: Event, attributes: Mapping[str, Any] | None = None) -> Event:
    """A row with what its free attributes declare and what follows from its columns; without empty ones."""
    event.setdefault("declared_by", "format")
    given = attributes or {}
    if given.get("sdb.request.id") is not None or given.get("sdb.request_id") is not None:
        event["request_id_source"] = "sdb.request.id"
    fill(event, given)
    return {name: value for name, value in event.items() if value is not None}


def money(value: Any) -> float | None:
    """A positive sum, from a number or its text; None for none, and for zero, which means that nobody counted."""
    try:
        read = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return read if 0 < read < 1e9 and not isinstance(value, bool) else None


def failed(event: Event, kind: Any = None, message: Any = None, state: str = "error") -> None:
    """Marks a row as failed; the error's type is read off its message where it has none of its own."""
    event["status"] = state
    event["error_message"] = values.excerpt(message)
    event["error_type"] = text_of(kind) or values.error_type(message if isinstance(message, str) else None)


def first_text(value: Any, *keys: str) -> str | None:
    """The first of an object's fields that is a text or a number."""
    if not isinstance(value, Mapping):
        return None
    return next((found for found in (text_of(value.get(key)) for key in keys) if found is not None), None)
