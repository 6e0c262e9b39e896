"""What a span's events say of the span itself: instrumentations put messages into events where others have attributes.

What a model is asked (its whole conversation, call after call) and what it answers belong to the span's row, as a
tool's arguments and result do. Of a model call's messages the results of tools that are new stay rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from advisor.traces.formats.chat import loaded
from advisor.traces.records import get

_ROLES = {f"gen_ai.{role}.message": role for role in ("system", "user", "assistant", "tool")}
_CHOICE = "gen_ai.choice"
# Events that carry the attributes that a span would have.
_CARRIERS = ("gen_ai.client.inference.operation.details", "gen_ai.content.prompt", "gen_ai.content.completion")
One = tuple[Mapping[str, Any], dict[str, Any]]


class Content(NamedTuple):
    """What went in and came out, and attributes that stand on an event."""

    given: Any
    got: Any
    more: Mapping[str, Any]


def content_of(
    kind: str | None, events: Sequence[tuple[str | None, Mapping[str, Any], dict[str, Any]]]
) -> tuple[Content, list[One]]:
    """A span's content from its events, and the events that are to be rows of their own."""
    asked: list[Any] = []
    said: list[Any] = []
    more: dict[str, Any] = {}
    others: list[One] = []
    new: list[One] = []
    for name, one, attributes in events:
        if name in _CARRIERS:
            more.update({key: value for key, value in attributes.items() if key.startswith("gen_ai.")})
        elif name == _CHOICE:
            said.append(_said(attributes))
        elif name in _ROLES:
            content = loaded(attributes.get("content"))
            asked.append({"role": _ROLES[name], "content": content, "tool_calls": loaded(attributes.get("tool_calls"))})
            new = [] if _ROLES[name] == "assistant" else new
            new += [(one, attributes)] if _ROLES[name] == "tool" and attributes.get("id") else []
        else:
            others.append((one, attributes))
    if kind == "tool_call":
        return Content(asked[0]["content"] if asked else None, _joined(said[-1]) if said else None, more), others
    answer = [{"role": "assistant", "content": one} for one in said if one not in (None, "")]
    return Content(asked or None, answer or None, more), [*(new if kind == "llm_call" else ()), *others]


def _said(attributes: Mapping[str, Any]) -> Any:
    """An answer: a message, or what stands beside it."""
    message = loaded(attributes.get("message"))
    if message is None:
        message = {key: loaded(attributes[key]) for key in ("content", "tool_calls") if attributes.get(key)}
    return get(message, "content") if isinstance(message, Mapping) and not message.get("tool_calls") else message


def _joined(result: Any) -> Any:
    """A tool's result as text, where it is a list of parts that hold nothing but text."""
    parts = result if isinstance(result, list) else ()
    texts = [part["text"] for part in parts if isinstance(part, Mapping) and isinstance(part.get("text"), str)]
    return "\n".join(texts) if texts and len(texts) == len(parts) else result
