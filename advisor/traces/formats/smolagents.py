"""smolagents: an agent's memory step by step, as `get_full_steps()` gives it, and the results of whole runs.

A task begins a run. A step holds one answer of the model and what came of the calls in it, of several calls together
only. That a run gave a final answer does not say that the answer is right: its outcome has no status.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from advisor.traces import values
from advisor.traces.formats.chat import answer, question, turn
from advisor.traces.formats.conversations import identity
from advisor.traces.formats.rows import failed, finished, first_text, tokens
from advisor.traces.records import CONFIRMED, Event, Format, Source, get, line_at, text_of

_AGENT = "agent"
"""A memory does not name its agent."""
_MARKS = ({"task", "task_images"}, {"step_number", "timing", "observations"}, {"plan", "model_output_message"})
_ENDS = ("AgentMaxStepsError",)
_LONGEST = 50_000
"""Rows of one run that are held until its end; what comes after them is told as another run."""


@dataclass
class _Run:
    """The rows of one task so far, and what tells the run from others."""

    rows: list[Event] = field(default_factory=list)
    told: list[str | None] = field(default_factory=list)

    def add(self, line: int, step: Mapping[str, Any]) -> None:
        """One more step; one that tells of nothing known is a row all the same."""
        self.told.append(values.fingerprint([step.get(name) for name in ("task", "timing", "model_output")]))
        for event in list(_rows(step)) or [{"kind": "log", "name": next(iter(step), None)}]:
            self.rows.append({"line": line, "seq": len(self.rows) + 1, **event})

    def ended(self) -> Iterator[Event]:
        """The rows, now that all of the run is known that its id is made of."""
        common: Event = {"request_id": identity(content=self.told), "request_id_source": "file", "seq_scope": "request"}
        return (finished({**common, **row}) for row in self.rows)


def _sniff(source: Source) -> bool:
    found = sum(any(map(_is_step, _steps(value)[:20])) for value in source.sample)
    return found > 0 and found >= CONFIRMED * len(source.sample)


def _list_of(value: Any) -> list[Any] | None:
    """The list of steps that a record is, or that a result of a run holds; None where it is a step alone."""
    held = value.get("steps", value) if isinstance(value, Mapping) else value
    return held if isinstance(held, list) else None


def _steps(value: Any) -> list[Any]:
    listed = _list_of(value)
    return [value] if listed is None else listed


def _is_step(value: Any) -> bool:
    return isinstance(value, Mapping) and any(marks <= value.keys() for marks in _MARKS)


def _read(source: Source) -> Iterator[Event]:
    run = _Run()
    for record in source.records:
        listed = _list_of(record.value)
        lines = [] if listed is None else source.lines(*(["steps"] if listed is not record.value else []))
        steps = _steps(record.value)
        if not any(map(_is_step, steps)):
            source.bad(record.line, "is no step of an agent's memory")
            continue
        for index, step in enumerate(steps):
            line = line_at(lines, index, record.line)
            if not isinstance(step, Mapping):
                source.bad(line, "is no step of an agent's memory")
                continue
            begins = "task" in step or (listed is not None and index == 0) or len(run.rows) >= _LONGEST
            if run.rows and begins:
                yield from run.ended()
                run = _Run()
            run.add(line, step)
    yield from run.ended()


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
