"""Messages of frameworks that keep a shape of their own, as messages of a chat: Pydantic AI's and Google ADK's.

Pydantic AI writes requests and responses in parts by `part_kind` (`all_messages_json`); ADK writes events by author,
whose content is Gemini's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.traces.formats.rows import first_text
from advisor.traces.records import get

_ROLES = {"request": "user", "response": "assistant"}


def is_of_pydantic_ai(value: Mapping[str, Any]) -> bool:
    """Whether a value is one of its messages."""
    return value.get("kind") in _ROLES and isinstance(get(value, "parts", 0, "part_kind"), str)


def of_pydantic_ai(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """A message with a role and content parts. A request holds what the user says and what tools answered."""
    parts = [_part(one) for one in value["parts"] if isinstance(one, Mapping)]
    asked = "request" if value["kind"] == "request" else "response"
    told = {"role": _ROLES[asked], "content": [part for part in parts if part], "model": value.get("model_name")}
    at = value.get("timestamp") or next((one["timestamp"] for one in value["parts"] if get(one, "timestamp")), None)
    return {**told, "timestamp": at, "usage": value.get("usage"), "metadata": value.get("metadata")}


def _part(part: Mapping[str, Any]) -> dict[str, Any] | None:
    kind, content = part.get("part_kind"), part.get("content")
    called = {"name": part.get("tool_name")}
    if kind in ("tool-call", "builtin-tool-call"):
        return {**called, "type": "tool_use", "id": part.get("tool_call_id"), "input": part.get("args")}
    if kind in ("tool-return", "builtin-tool-return") or (kind == "retry-prompt" and part.get("tool_name")):
        # A retry prompt is what a tool's refusal of its arguments, or its `ModelRetry`, came back as before outcomes.
        state = "retried" if kind == "retry-prompt" else first_text(part, "outcome")
        result = {**called, "type": "tool_result", "tool_use_id": part.get("tool_call_id"), "content": content}
        return {**result, "is_error": state != "success"} if state else result
    if kind in ("text", "user-prompt", "retry-prompt"):
        return {"type": "text", "text": content if isinstance(content, str) else _spoken(content)}
    return None


def _spoken(content: Any) -> str:
    """The texts among what a user sent; images and files are left out."""
    return "\n".join(one for one in content if isinstance(one, str)) if isinstance(content, list) else ""


def is_of_adk(value: Mapping[str, Any]) -> bool:
    """Whether a value is an event of an ADK session."""
    named = "invocation_id" in value or "invocationId" in value
    return named and isinstance(value.get("author"), str) and isinstance(get(value, "content", "parts"), list)


def of_adk(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """An event with a role: its author's, or a tool's whose answer it carries under the agent's name."""
    content = value["content"]
    spoke = value["author"] != "user" and content.get("role") != "user"
    told = {"role": "assistant" if spoke else "user", "content": content["parts"], "timestamp": value.get("timestamp")}
    usage = value.get("usage_metadata") or value.get("usageMetadata")
    model = first_text(value, "model_version", "modelVersion")
    return {**told, "usage": usage, "model": model, **({"name": value["author"]} if spoke else {})}
