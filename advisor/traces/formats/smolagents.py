"""smolagents: an agent's memory step by step, as `get_full_steps()` gives it, and the results of whole runs.

A task begins a run. A step holds one answer of the model and what came of the calls in it, of several calls together
only. That a run gave a final answer does not say that the answer is right: its outcome has no status.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from advisor.traces import values
from advisor.traces.formats.chat import answer, question, turn
from advisor.traces.formats.conversations import identity
from advisor.traces.formats.rows import failed, finished, first_text, tokens
from advisor.traces.records import CONFIRMED, Event, Format, Record, Source, get, text_of

_AGENT = "agent"
"""A memory does not name its agent."""
_MARKS = ({"task", "task_images"}, {"step_number", "timing", "observations"}, {"plan", "model_output_message"})
_ENDS = ("AgentMaxStepsError",)


class _Run(NamedTuple):
    """The steps of one task, and the first."""

    request: str
    steps: list[Record]


def _sniff(source: Source) -> bool:
    found = [steps for steps in (_steps(value) for value in source.sample) if steps]
    return bool(found) and len(found) >= CONFIRMED * len(source.sample)


def _steps(value: Any) -> list[Any]:
    """The steps in a record: a list of them, a result that holds one, or a step alone; empty where there is none."""
    held = get(value, "steps") if isinstance(value, Mapping) and "steps" in value else value
    listed = held if isinstance(held, list) else [held]
    return listed if any(map(_is_step, listed[:20])) else []


def _is_step(value: Any) -> bool:
    return isinstance(value, Mapping) and any(marks <= value.keys() for marks in _MARKS)


def _read(source: Source) -> Iterator[Event]:
    held: list[Record] = []
    for record in source.records:
        steps = _steps(record.value)
        if not steps:
            source.bad(record.line, "is no step of an agent's memory")
            continue
        keys = ("steps",) if isinstance(record.value, Mapping) and "steps" in record.value else ()
        lines = source.lines(*keys)
        alone = steps == [record.value]
        for index, step in enumerate(steps):
            line = record.line if alone or index >= len(lines) else lines[index]
            if not isinstance(step, Mapping):
                source.bad(line, "is no step of an agent's memory")
                continue
            if held and ("task" in step or (index == 0 and not alone)):
                yield from _run(held)
                held = []
            held.append(Record(line, step))
    if held:
        yield from _run(held)


def _run(steps: list[Record]) -> Iterator[Event]:
    told = [{name: step.value.get(name) for name in ("task", "timing", "model_output")} for step in steps]
    common: Event = {"request_id": identity(content=told), "request_id_source": "file", "seq_scope": "request"}
    seq = 0
    for line, step in steps:
        for event in list(_rows(step)) or [{"kind": "log", "name": next(iter(step), None)}]:
            seq += 1
            yield finished({**common, "line": line, "seq": seq, **event})


def _rows(step: Mapping[str, Any]) -> Iterator[Event]:
    if "task" in step:
        yield {"kind": "message", "agent_role": "human", "text": values.excerpt(step["task"])}
    error = step.get("error")
    kind = first_text(error, "type")
    said = step.get("model_output_message")
    calls = _calls(step)
    if said is not None or step.get("model_output") is not None or kind == "AgentGenerationError":
        yield _answer(step, said, None if calls or kind in _ENDS else error)
    for id, name, given in calls:
        if not (name == "final_answer" and step.get("is_final_answer") is True):
            yield _call(step, id, name, given, alone=len(calls) == 1)
    if step.get("is_final_answer") is True or kind in _ENDS:
        at, told = _at(step, "end_time"), values.excerpt(step.get("action_output") or step.get("observations"))
        if told is not None:
            yield {"kind": "message", "agent_name": _AGENT, "text": told, "ts_us": at}
        ended: Event = {"kind": "outcome", "name": "final_answer", "ts_us": at}
        if kind in _ENDS:
            failed(ended, kind, first_text(error, "message"))
        yield ended


def _answer(step: Mapping[str, Any], said: Any, error: Any) -> Event:
    """The model's answer; where no call came of it, a step's error is about it."""
    event: Event = {"kind": "llm_call", "agent_name": _AGENT, "status": "ok", "ts_us": _at(step, "start_time")}
    event["model_request"] = first_text(get(said, "raw"), "model")
    event["input_hash"] = question(step.get("model_input_messages"))
    event["output_hash"], event["text"] = answer(said if said is not None else step.get("model_output"))
    event.update(tokens(step.get("token_usage") or get(said, "token_usage")))
    if error is not None:
        failed(event, first_text(error, "type"), first_text(error, "message"))
    return event


def _calls(step: Mapping[str, Any]) -> list[tuple[str | None, str, Any]]:
    """The calls of a step: those that ran, or, where it failed, those that the model had asked for."""
    ran = turn({"tool_calls": step.get("tool_calls")}).calls if step.get("tool_calls") else ()
    return list(ran or turn(step.get("model_output_message")).calls)


def _call(step: Mapping[str, Any], id: str | None, name: str, given: Any, alone: bool) -> Event:
    event: Event = {"kind": "tool_call", "agent_name": _AGENT, "tool_name": name, "tool_call_id": id}
    event["ts_us"], event["args_hash"] = _at(step, "start_time"), values.fingerprint(given)
    error = step.get("error")
    if error is None:
        event["status"] = "ok"
        if alone:
            event["result_fp"] = values.fingerprint(step.get("observations"))
            event["text"] = values.excerpt(step.get("observations"))
    elif alone:
        # The tool's own error stands at the end of the message, behind the arguments.
        message = first_text(error, "message") or ""
        own = values.error_type(message.rpartition("}: ")[2]) if "}: " in message else None
        failed(event, own or first_text(error, "type"), message)
    return event


def _at(step: Mapping[str, Any], name: str) -> int | None:
    return values.instant(get(step, "timing", name)) if text_of(get(step, "timing", name)) else None


FORMATS = (Format("smolagents", "smolagents memory and run results", "openai-agents", _sniff, _read),)
