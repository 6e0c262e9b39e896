"""AutoGen: AgentChat's messages with their times, and the core's event log, which has neither times nor run ids.

A result of a team (`{"messages": […]}`) repeats the messages that were streamed before it; only what is new is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from advisor.traces import values
from advisor.traces.formats.chat import answer, loaded, question
from advisor.traces.formats.chat_messages import CHATS
from advisor.traces.formats.messages import Call, Result, call_row, result_row, said, turn_hash
from advisor.traces.formats.rows import emitted, failed, finished, first_text, tokens
from advisor.traces.records import Event, Format, Source, each, get, most, text_of

_MEMORY = 100_000
_CORE = frozenset(
    """LLMCall LLMStreamStart LLMStreamEnd ToolCall Message MessageDropped MessageHandlerException
    AgentConstructionException""".split()
)


def _is_chat(source: Source) -> bool:
    return most(source.sample, lambda r: _is_message(r) or _is_result(r))


def _is_message(value: Any) -> bool:
    return isinstance(value, Mapping) and all(key in value for key in ("source", "models_usage", "type"))


def _is_result(value: Any) -> bool:
    messages = get(value, "messages")
    return isinstance(messages, list) and bool(messages) and all(map(_is_message, messages[:20]))


def _is_core(source: Source) -> bool:
    return most(source.sample, _is_logged)


def _is_logged(value: Mapping[str, Any]) -> bool:
    if not isinstance(value.get("type"), str) or value["type"] not in _CORE:
        return False
    return any(key in value for key in ("agent_id", "delivery_stage", "exception", "receiver", "handling_agent"))


def _read_chat(source: Source) -> Iterator[Event]:
    seen: dict[str, None] = {}
    seq = 0
    for line, value in each(source):
        within = value["messages"] if _is_result(value) else [value]
        for one in within:
            if not _is_message(one):
                source.bad(line, "is no message of AgentChat")
                continue
            known = text_of(one.get("id"))
            if known is not None and known in seen:
                if one is value:
                    seq += 1
                    again: Event = {"line": line, "kind": "log", "name": "repeated", "event_id": known, "seq": seq}
                    yield finished({**again, "seq_scope": "request"})
                continue
            if known is not None:
                seen[known] = None
                if len(seen) > _MEMORY:
                    del seen[next(iter(seen))]
            whose = _whose(one, value)
            for event in _said(line, one):
                seq += 1
                yield {**whose, **event, "seq": seq, "seq_scope": "request"}
        if within is not value and isinstance(value, Mapping) and "messages" in value:
            seq += 1
            end: Event = {"line": line, "kind": "log", "name": "TaskResult", "seq": seq, "seq_scope": "request"}
            yield finished({**end, "text": values.excerpt(text_of(value.get("stop_reason")))})


def _whose(*places: Any) -> Event:
    """The unit of work that a program wrote beside a message, which itself names none."""
    for place in places:
        for name in CHATS:
            own = name == "request_id" and get(place, "type") == "UserInputRequestedEvent"
            if not own and (told := text_of(get(place, name))) is not None:
                return {"request_id": told, "request_id_source": name}
    return {}


def _said(line: int, message: Mapping[str, Any]) -> list[Event]:
    """The rows of a message, an event, or a request."""
    kind, content = str(message["type"]), message.get("content")
    source = text_of(message.get("source"))
    base: Event = {
        "line": line,
        "kind": "message",
        "name": kind,
        "event_id": text_of(message.get("id")),
        "agent_name": source,
        "ts_us": values.instant(message.get("created_at")),
    }
    given = emitted(message.get("metadata"))
    rows: list[Event] = []
    listed = content if isinstance(content, list) else []
    calls = tuple(_calls(listed)) if kind == "ToolCallRequestEvent" else ()
    if isinstance(message.get("models_usage"), Mapping):
        turn: Event = {**base, "kind": "llm_call", **tokens(message["models_usage"])}
        turn["output_hash"], turn["text"] = turn_hash("" if calls else said(content), calls)
        rows.append(turn)
    rows += [{**call_row(call, base), "name": call.tool} for call in calls]
    if kind == "ToolCallExecutionEvent":
        rows += [{**result_row(result, base), "name": result.tool} for result in _results(listed)]
    elif kind == "HandoffMessage":
        rows.append({**base, "kind": "delegation", "name": text_of(message.get("target")) or kind})
    elif kind == "UserInputRequestedEvent":
        rows.append({**base, "kind": "approval_request", "approval_id": text_of(message.get("request_id"))})
    elif kind == "MemoryQueryEvent":
        rows.append({**base, "kind": "retrieval", "output_hash": values.fingerprint(content)})
    elif kind in ("ModelClientStreamingChunkEvent", "ThoughtEvent"):
        rows.append({**base, "kind": "log", "text": values.excerpt(said(content))})
    if not rows:
        rows.append({**base, "text": values.excerpt(said(content))})
    return [finished(row, given) for row in rows]


def _calls(content: list[Any]) -> Iterator[Call]:
    for one in content:
        if isinstance(one, Mapping):
            yield Call(first_text(one, "id"), first_text(one, "name"), loaded(one.get("arguments")))


def _results(content: list[Any]) -> Iterator[Result]:
    for one in content:
        if isinstance(one, Mapping):
            flag = one.get("is_error")
            state = ("error" if flag else "ok") if isinstance(flag, bool) else None
            yield Result(first_text(one, "call_id"), first_text(one, "name"), one.get("content"), state)


def _read_core(source: Source) -> Iterator[Event]:
    for seq, (line, value) in enumerate(each(source), 1):
        if not isinstance(value, Mapping) or not isinstance(value.get("type"), str):
            source.bad(line, "is no event of the core")
            continue
        event = _logged(line, value)
        yield {**event, "seq": seq, "seq_scope": "request"}


def _logged(line: int, value: Mapping[str, Any]) -> Event:
    """The row of a logged event; an agent's key is the unit of work that its runtime keeps state for."""
    kind = value["type"]
    who = first_text(value, "agent_id", "handling_agent", "sender", "receiver")
    agent, _, key = (who or "").partition("/")
    event: Event = {"line": line, "kind": "log", "name": kind, "agent_name": agent.removesuffix(f"_{key}") or None}
    if key:
        event["request_id"], event["request_id_source"] = key, "agent_id"
    if kind in ("LLMCall", "LLMStreamEnd"):
        event["kind"] = "llm_call"
        event.update(tokens(value))
        response = value.get("response")
        event["model_response"] = first_text(response, "model")
        event["input_hash"] = question(value.get("messages"))
        event["output_hash"], event["text"] = answer(response)
    elif kind == "ToolCall":
        event |= {"kind": "tool_call", "tool_name": text_of(value.get("tool_name"))}
        event["args_hash"] = values.fingerprint(value.get("arguments"))
        event["result_fp"] = values.fingerprint(value.get("result"))
        event["text"] = values.excerpt(value.get("result"))
    elif kind == "Message":
        event["text"] = values.excerpt(first_text(value, "delivery_stage"))
    elif kind == "MessageDropped":
        event["status"] = "rejected"
    elif kind in ("MessageHandlerException", "AgentConstructionException"):
        failed(event, None, text_of(value.get("exception")))
    return finished(event)


FORMATS = (
    Format("autogen_messages", "AutoGen AgentChat messages", "autogen", _is_chat, _read_chat),
    Format("autogen_core", "AutoGen core event log", "autogen", _is_core, _read_core),
)
