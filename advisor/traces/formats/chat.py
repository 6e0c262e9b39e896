"""What a model was asked and what it said, in the message shapes that model vendors and frameworks write.

An answer's hash is over its text and the calls that it asks for, without ids: two equal answers are equal, although
every platform numbers them anew. So is a question's, without the model's name: the same question to another model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from advisor.traces.values import canonical, excerpt, fingerprint

DEEPEST = 24
"""Nesting from which on content is no longer followed."""
_PARSED = 4 * 1024 * 1024
_OTHERS = frozenset("user human system developer tool function".split())
_UNSAID = frozenset("thinking redacted_thinking reasoning tool_result tool human system".split())
# Where an answer stands inside a response, outermost first; the first that is there is the one.
_AROUND = "choices generations candidates messages message kwargs output outputs message_content".split()
_SAID = "content contents parts text".split()
_CALLS = "tool_calls toolCalls".split()
_CALLED = "tool_call function function_call functionCall toolUse".split()
_PREFIXES = ("message.", "message_content.", "tool_call.")
_VOLATILE = frozenset(
    """id index tool_call_id toolCallId call_id tool_use_id response_id run_id created created_at timestamp usage
    usage_metadata response_metadata model model_name stream stream_options cache_control finish_reason""".split()
)


class Turn(NamedTuple):
    """An assistant's turn.

    Attributes:
        text: What it said; empty where it only called tools.
        calls: The calls that it asked for: id (or None), tool, arguments.
    """

    text: str
    calls: tuple[tuple[str | None, str, Any], ...]


def loaded(value: Any) -> Any:
    """Text that holds a JSON object or list as that, even if quoted once more; everything else as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "[", '"') or len(value) > _PARSED:
        return value
    try:
        read = json.loads(value)
        inner = json.loads(read) if isinstance(read, str) and read.lstrip()[:1] in ("{", "[") else read
    except (ValueError, RecursionError):
        return value
    return inner if isinstance(inner, dict | list) else value


def turn(value: Any) -> Turn:
    """The assistant's turn inside an output of any known shape."""
    texts: list[str] = []
    calls: list[tuple[str | None, str, Any]] = []
    _walk(loaded(value), texts, calls, 0)
    return Turn("\n".join(text for text in texts if text), tuple(calls))


def answer(value: Any) -> tuple[str | None, str | None]:
    """An output's hash and excerpt."""
    if value is None or value == "":
        return None, None
    said = turn(value)
    if not said.text and not said.calls:
        return fingerprint(value), excerpt(value)
    calls = [[name, canonical(given)] for _, name, given in said.calls]
    shown = said.text or ", ".join(f"{name}({given})" for name, given in calls)
    return fingerprint({"text": said.text, "calls": calls}), excerpt(shown)


def question(value: Any) -> str | None:
    """A prompt's hash: its messages without ids, and without the model and the parameters around them."""
    if value is None or value == "":
        return None
    value = loaded(value)
    if isinstance(value, Mapping):
        value = next((value[key] for key in ("messages", "contents", "prompt") if value.get(key)), value)
    return fingerprint(_steady(value, 0))


def _steady(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        return None
    if isinstance(value, Mapping):
        if len(value) == 1 and next(iter(value)) in ("message", "message_content", "tool_call"):
            return _steady(next(iter(value.values())), depth + 1)
        return {str(k): _steady(v, depth + 1) for k, v in _plain(value).items() if k not in _VOLATILE}
    if isinstance(value, list):
        return [_steady(one, depth + 1) for one in value]
    return value


def _walk(value: Any, texts: list[str], calls: list[tuple[str | None, str, Any]], depth: int) -> None:
    if depth > DEEPEST:
        return
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, list):
        for one in value:
            _walk(one, texts, calls, depth + 1)
    elif isinstance(value, Mapping):
        value = _plain(value)
        if str(value.get("role", "")).lower() in _OTHERS or str(value.get("type", "")).lower() in _UNSAID:
            return
        call = _call(value)
        if call:
            if call[0] is None or all(call[0] != known for known, _, _ in calls):
                calls.append(call)
            return
        around = next((key for key in _AROUND if value.get(key)), None)
        if around:
            _walk(value[around], texts, calls, depth + 1)
            return
        for keys in (_SAID, _CALLS):
            inner = next((value[key] for key in keys if value.get(key)), None)
            if inner is None and keys is _CALLS and isinstance(value.get("additional_kwargs"), Mapping):
                inner = value["additional_kwargs"].get("tool_calls")
            if inner is not None:
                _walk(inner, texts, calls, depth + 1)


def _plain(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """OpenInference's `message.content` and its kin as `content`."""
    if not any(str(key).startswith(_PREFIXES) for key in value):
        return value
    plain: dict[str, Any] = {}
    for key, one in value.items():
        name = str(key)
        for prefix in _PREFIXES:
            name = name.removeprefix(prefix)
        plain[name] = one
    return plain


def _call(value: Mapping[str, Any]) -> tuple[str | None, str, Any] | None:
    """A call that a message asks for, in any vendor's words; None where the value is none."""
    inner: Any = next((value[key] for key in _CALLED if _is_map(value.get(key))), value)
    if inner is not value and _is_map(inner.get("function")):
        value, inner = inner, inner["function"]
    name = inner.get("name") or inner.get("toolName") or inner.get("function.name")
    given = next(
        (inner[key] for key in ("arguments", "args", "input", "function.arguments") if inner.get(key) is not None), None
    )
    kind = str(value.get("type", ""))
    if not isinstance(name, str) or not (
        inner is not value or given is not None or kind in ("tool_use", "tool_call", "function_call")
    ):
        return None
    ids = (value.get("id"), value.get("call_id"), value.get("toolCallId"), inner.get("toolUseId"))
    called = next((one for one in ids if isinstance(one, str)), None)
    return called, name, loaded(given)


def _is_map(value: Any) -> bool:
    return isinstance(value, Mapping)
