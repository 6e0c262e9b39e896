"""A model call a record: the messages that were sent and the response, as gateways and their callbacks log them.

LiteLLM's standard logging payload, and what else keeps a request's `messages` beside its `response`. Every call repeats
its conversation: what is read of it are the results of tools that are new, behind the last answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from advisor.traces import values
from advisor.traces.formats.chat import answer, loaded, question, turn
from advisor.traces.formats.chat_messages import CHATS
from advisor.traces.formats.conversations import is_conversation
from advisor.traces.formats.messages import Call, Message, call_row, opened, result_row
from advisor.traces.formats.rows import emitted, failed, finished, first_text, money, tokens
from advisor.traces.records import Event, Format, Source, each, get, most, text_of

_ANSWERS = ("choices", "content", "output", "candidates")
_BEGUN, _ENDED = ("startTime", "start_time", "timestamp", "created_at"), ("endTime", "end_time")


def _sniff(source: Source) -> bool:
    return source.shape in ("lines", "document", "parquet") and most(source.sample, _is_call)


def _is_call(value: Mapping[str, Any]) -> bool:
    """Whether a record is a model call: one that failed has no response, and says so."""
    if not is_conversation(loaded(value.get("messages"))) or "response" not in value:
        return False
    response = loaded(value["response"])
    return any(get(response, key) is not None for key in _ANSWERS) or (not response and "model" in value)


def _read(source: Source) -> Iterator[Event]:
    for seq, (line, value) in enumerate(each(source), 1):
        if not isinstance(value, Mapping) or not _is_call(value):
            source.bad(line, "is no model call")
            continue
        for event in _rows(line, value):
            yield {**event, "seq": seq, "seq_scope": "file"} if event.get("ts_us") is None else event


def _rows(line: int, value: Mapping[str, Any]) -> Iterator[Event]:
    response, metadata = loaded(value["response"]), value.get("metadata")
    base: Event = {"line": line, "ts_us": _at(value, _BEGUN)}
    for place in (value, metadata):
        for name in CHATS:
            if "request_id" not in base and (told := text_of(get(place, name))):
                base["request_id"], base["request_id_source"] = told, name
    sent = [message for message in map(opened, loaded(value["messages"])) if message is not None]
    called = {call.id: call.tool for message in sent for call in message.calls}
    for result in (result for message in _new(sent) for result in message.results):
        yield finished(result_row(result._replace(tool=result.tool or called.get(result.id)), base))
    event: Event = {**base, "kind": "llm_call", "name": first_text(value, "call_type"), "end_us": _at(value, _ENDED)}
    event |= {"event_id": first_text(value, "litellm_call_id", "id"), "model_request": first_text(value, "model")}
    event |= {"model_response": first_text(response, "model"), "input_hash": question(value["messages"])}
    event["provider"] = first_text(value, "custom_llm_provider", "provider")
    event |= tokens(get(response, "usage")) or tokens(value)
    event["cost_usd"] = money(value.get("response_cost"))
    event["output_hash"], event["text"] = answer(response)
    event["status"] = values.status(value.get("status")) or ("ok" if response else None)
    about = value.get("error_information")
    error = first_text(value, "error_str", "error") or first_text(about, "error_message")
    if error is not None or event["status"] not in ("ok", None):
        failed(event, first_text(about, "error_class"), error)
    yield finished(event, emitted(metadata))
    at = base | {"ts_us": event["end_us"] or base["ts_us"]}
    for call in turn(response).calls:
        yield finished(call_row(Call(*call), at))


def _new(sent: list[Message]) -> list[Message]:
    last = max((index for index, message in enumerate(sent) if message.role == "assistant"), default=-1)
    return sent[last + 1 :]


def _at(value: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    return next((at for at in (values.instant(value.get(name)) for name in names) if at is not None), None)


FORMATS = (Format("model_calls", "Model calls (LiteLLM and the like)", "openai-agents", _sniff, _read),)
