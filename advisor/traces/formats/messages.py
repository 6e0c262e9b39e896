"""One message of a chat into rows: an assistant's turn with its tool calls, a tool's result, or something said.

The shapes: OpenAI's chat completions and responses, Anthropic's and Google's content parts, LangChain's dumps, and what
agent benchmarks write. A call is one `tool_call` row and its result one `tool_result` row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from advisor.traces import values
from advisor.traces.formats.chat import loaded
from advisor.traces.formats.framework_messages import is_of_adk, is_of_pydantic_ai, of_adk, of_pydantic_ai
from advisor.traces.formats.rows import emitted, failed, finished, first_text, money, tokens
from advisor.traces.records import Event, get, text_of

_ROLES = {
    "assistant": "assistant ai model agent aimessage aimessagechunk gpt bot",
    "user": "user human humanmessage",
    "system": "system developer systemmessage instruction",
    "tool": "tool function toolmessage functionmessage tool_result ipython observation",
}
ROLE_OF: Mapping[str, str] = {word: role for role, words in _ROLES.items() for word in words.split()}
_CALL_TYPES = frozenset(
    "function_call custom_tool_call mcp_call tool_use server_tool_use mcp_tool_use tool-call".split()
)
_RESULT_TYPES = frozenset(
    "function_call_output custom_tool_call_output tool_result mcp_tool_result tool-result".split()
)
_TEXT_TYPES = frozenset("text output_text input_text refusal".split())
_TIMES = ("timestamp", "created_at", "createdAt", "create_time", "created", "ts", "time")
_ERRORS = {"timeout": "timeout", "permission": "denied", "approval": "rejected"}


class Call(NamedTuple):
    """A call that a message asks for."""

    id: str | None
    tool: str | None
    arguments: Any


class Result(NamedTuple):
    """A tool's answer; `state` is what the format says about it, if anything."""

    id: str | None
    tool: str | None
    content: Any
    state: str | None = None
    error: Any = None


class Message(NamedTuple):
    """A message taken apart; `role` is one of assistant, user, system, tool, or what the source calls it."""

    role: str
    name: str | None
    text: str
    calls: tuple[Call, ...]
    results: tuple[Result, ...]
    fields: Mapping[str, Any]


def is_message(value: Any) -> bool:
    """Whether a value looks like a message of a chat."""
    if not isinstance(value, Mapping):
        return False
    value = _unfolded(value)
    if _kind(value) in _CALL_TYPES | _RESULT_TYPES:
        return "call_id" in value or "tool_use_id" in value or "name" in value
    if not isinstance(value.get("role"), str):
        return isinstance(value.get("from"), str) and isinstance(value.get("value"), str)
    return any(key in value for key in ("content", "parts", "tool_calls", "function_call", "tool_call_id"))


def _kind(value: Mapping[str, Any]) -> str:
    """What a message or a part of its content says it is."""
    kind = value.get("type")
    return kind if isinstance(kind, str) else ""


def _unfolded(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """LangChain's dumps (`{"type": "ai", "data": {…}}`, `{"lc": 1, "kwargs": {…}}`) as the messages inside them."""
    kwargs, data = value.get("kwargs"), value.get("data")
    if is_of_pydantic_ai(value):
        return of_pydantic_ai(value)
    if is_of_adk(value):
        return of_adk(value)
    if "lc" in value and isinstance(kwargs, Mapping):
        return {"role": text_of(get(value, "id", -1)) or "", **kwargs}
    if isinstance(data, Mapping) and isinstance(value.get("type"), str) and "content" in data:
        return {"role": value["type"], **data}
    if "role" not in value and "content" in value and str(value.get("type")).lower() in ROLE_OF:
        return {"role": value["type"], **value}
    return value


def opened(value: Any) -> Message | None:
    """A message taken apart; None where the value is none."""
    if not is_message(value):
        return None
    fields = _unfolded(value)
    kind = _kind(fields)
    if kind in _CALL_TYPES and "role" not in fields:
        return Message("assistant", None, "", tuple(_part_calls([fields])), (), fields)
    if kind in _RESULT_TYPES and "role" not in fields:
        return Message("tool", None, "", (), tuple(_part_results([fields])), fields)
    given = str(fields.get("role") or fields.get("from") or "")
    role = ROLE_OF.get(given.lower(), given)
    content = next((fields[key] for key in ("content", "parts", "value") if fields.get(key) is not None), None)
    several = content if isinstance(content, list) else []
    if role == "tool":
        return Message(role, None, "", (), tuple(_tool_results(fields, content)), fields)
    calls = (*_listed_calls(fields), *_part_calls(several))
    known: dict[Any, Call] = {(call.id or index): call for index, call in enumerate(calls)}
    return Message(
        role, _name(fields, role), said(content), tuple(known.values()), tuple(_part_results(several)), fields
    )


def _name(fields: Mapping[str, Any], role: str) -> str | None:
    """Who speaks; what names an agent on another's message is whose chat it is."""
    return first_text(fields, "name", "sender", *(("agent_name", "agent") if role == "assistant" else ()))


def said(content: Any) -> str:
    """The text in a message's content, without thoughts, calls and results; JSON where it is a plain object."""
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        return said(content["text"]) if isinstance(content.get("text"), str) else values.canonical(content)
    if not isinstance(content, list):
        return "" if content is None else values.canonical(content)
    texts = [one if isinstance(one, str) else _text_part(one) for one in content]
    return "\n".join(text for text in texts if text)


def _text_part(part: Any) -> str:
    if not isinstance(part, Mapping) or str(part.get("type", "text")) not in _TEXT_TYPES:
        return ""
    return text_of(part.get("text")) or text_of(part.get("refusal")) or ""


def _listed_calls(fields: Mapping[str, Any]) -> Iterator[Call]:
    """The calls beside the content: `tool_calls`, or the older single `function_call`."""
    listed = fields.get("tool_calls") or get(fields, "additional_kwargs", "tool_calls")
    if not isinstance(listed, list):
        listed = [fields["function_call"]] if isinstance(fields.get("function_call"), Mapping) else []
    for one in listed:
        if not isinstance(one, Mapping):
            continue
        inner = one.get("function")
        inner = inner if isinstance(inner, Mapping) else {"name": inner, **one} if isinstance(inner, str) else one
        tool = first_text(inner, "name", "tool_name", "toolName") or (
            inner.get("function") if inner is not one else None
        )
        yield Call(first_text(one, "id", "call_id", "toolCallId"), tool, _arguments(inner))


def _arguments(value: Mapping[str, Any]) -> Any:
    given = next((value[key] for key in ("arguments", "args", "input", "kwargs") if value.get(key) is not None), None)
    return loaded(given)


def _inner(part: Mapping[str, Any], *keys: str) -> Mapping[str, Any] | None:
    return next((part[key] for key in keys if isinstance(part.get(key), Mapping)), None)


def _part_calls(parts: list[Any]) -> Iterator[Call]:
    for part in parts:
        if not isinstance(part, Mapping):
            continue
        inner = next(
            (part[key] for key in ("functionCall", "function_call", "toolUse") if isinstance(part.get(key), Mapping)),
            None,
        )
        if inner is not None:
            yield Call(first_text(inner, "id", "toolUseId"), first_text(inner, "name"), _arguments(inner))
        elif _kind(part) in _CALL_TYPES:
            called = first_text(part, "call_id", "id", "toolCallId")
            yield Call(called, first_text(part, "name", "toolName"), _arguments(part))


def _part_results(parts: list[Any]) -> Iterator[Result]:
    for part in parts:
        if not isinstance(part, Mapping):
            continue
        inner = _inner(part, "functionResponse", "function_response")
        if inner is not None:
            answer = inner.get("response")
            state = _state(answer) if isinstance(answer, Mapping) else None
            yield Result(first_text(inner, "id"), first_text(inner, "name"), answer, state)
        elif (inner := _inner(part, "toolResult")) is not None:  # Amazon Bedrock's
            yield Result(first_text(inner, "toolUseId"), None, inner.get("content"), _state(inner))
        elif _kind(part) in _RESULT_TYPES:
            content = next((part[k] for k in ("content", "output", "result") if part.get(k) is not None), None)
            called = first_text(part, "tool_use_id", "call_id", "toolCallId")
            yield Result(called, first_text(part, "name", "toolName"), content, _state(part), part.get("error"))


def _tool_results(fields: Mapping[str, Any], content: Any) -> Iterator[Result]:
    """The results in a message of a tool: itself, several inside it, or parts of its content."""
    several = fields.get("tool_messages")
    if isinstance(several, list):
        for one in several:
            if isinstance(one, Mapping):
                yield from _tool_results(one, one.get("content"))
        return
    parts = list(_part_results(content)) if isinstance(content, list) else []
    if parts:
        yield from parts
        return
    ids = fields.get("tool_call_ids")
    called = first_text(fields, "tool_call_id", "call_id", "tool_use_id") or text_of(get(ids, 0))
    if called is None and isinstance(fields.get("requestor"), str):
        called = first_text(fields, "id")
    yield Result(
        called, first_text(fields, "name", "function", "tool_name"), content, _state(fields), fields.get("error")
    )


def _state(fields: Mapping[str, Any]) -> str | None:
    """What a result says about itself: an error flag or a status; None where it says nothing."""
    for flag in ("is_error", "isError", "error"):
        if isinstance(fields.get(flag), bool):
            return "error" if fields[flag] else "ok"
    if fields.get("error"):
        return _ERRORS.get(str(get(fields, "error", "type")), "error")
    state = values.status(fields.get("status")) if isinstance(fields.get("status"), str) else None
    return state if state in ("ok", "error") else None


def instant_of(fields: Mapping[str, Any]) -> int | None:
    """When a message was written, as far as it says."""
    return next((at for at in (values.instant(fields.get(name)) for name in _TIMES) if at is not None), None)


def rows_of(message: Message, line: int, common: Event) -> list[Event]:
    """A message's rows, in order.

    Args:
        message: The message.
        line: Where it starts.
        common: Columns that every row has: whose chat it is, and `agent_name` for the assistant if none is named.
    """
    fields = message.fields
    given = emitted(fields, fields.get("metadata"), fields.get("additional_kwargs"), fields.get("tags"))
    base: Event = {**common, "line": line}
    at = instant_of(fields)
    base["ts_us"] = at if at is not None else common.get("ts_us")
    made: list[Event] = []
    if message.role == "assistant":
        made.append(_turn(message, base))
    elif message.role != "tool" and (message.text or not (message.results or message.calls)):
        who = message.name or message.role
        text = values.excerpt(message.text)
        made.append({**base, "kind": "message", "agent_name": who, "text": text, "input_hash": None})
    for call in message.calls:
        made.append(call_row(call, {**base, "agent_name": _caller(message, base)}))
    for result in message.results:
        made.append(result_row(result, base))
    others = {name: value for name, value in given.items() if name not in ("sdb.kind", "sdb.status", "sdb.text")}
    return [finished(event, given if index == 0 else others) for index, event in enumerate(made)]


def _caller(message: Message, base: Event) -> str | None:
    if message.name:
        return message.name
    return base.get("agent_name") if message.role == "assistant" else message.role


def _turn(message: Message, base: Event) -> Event:
    fields = message.fields
    model = first_text(fields, "model", "model_name") or first_text(
        fields.get("response_metadata"), "model_name", "model"
    )
    usage = fields.get("usage") or fields.get("usage_metadata") or get(fields, "response_metadata", "token_usage")
    event: Event = {**base, "kind": "llm_call", "agent_name": message.name or base.get("agent_name"), **tokens(usage)}
    if model:
        event["model_response"] = model
    event["cost_usd"] = money(fields.get("cost"))
    event["output_hash"], event["text"] = turn_hash(message.text, message.calls)
    return event


def turn_hash(text: str, calls: tuple[Call, ...]) -> tuple[str | None, str | None]:
    """An answer's hash (over its text and its calls, without ids) and excerpt; nothing for an empty answer."""
    if not text and not calls:
        return None, None
    asked = [[call.tool, values.canonical(call.arguments)] for call in calls]
    shown = text or ", ".join(f"{tool}({arguments})" for tool, arguments in asked)
    return values.fingerprint({"text": text, "calls": asked}), values.excerpt(shown)


def call_row(call: Call, base: Event) -> Event:
    """The row of a call whose result is a record of its own."""
    return {
        **base,
        "kind": "tool_call",
        "tool_name": call.tool,
        "tool_call_id": call.id,
        "args_hash": values.fingerprint(call.arguments),
    }


def result_row(result: Result, base: Event) -> Event:
    """The row of a tool's result."""
    text = said(result.content) if not isinstance(result.content, Mapping) else values.canonical(result.content)
    event: Event = {**base, "kind": "tool_result", "tool_name": result.tool, "tool_call_id": result.id}
    event.pop("agent_name", None)
    event["result_fp"] = values.fingerprint(text if text or result.content is None else result.content)
    event["text"] = values.excerpt(text)
    event["status"] = result.state
    if result.state not in (None, "ok"):
        message = first_text(result.error, "message", "error") or text_of(result.error) or text
        failed(event, first_text(result.error, "type"), message, result.state or "error")
    return event
