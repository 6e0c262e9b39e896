"""Inspect's evaluation logs: the whole log in JSON, and the members of an `.eval` archive.

A sample is a request. Where a sample has events, its model and tool calls come from them, with their times; otherwise
from its messages. Inspect notes an error wherever there was one, so that a call without one has succeeded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from advisor.traces import values
from advisor.traces.formats.chat import question
from advisor.traces.formats.conversations import converse, identity, outcome
from advisor.traces.formats.messages import opened, turn_hash
from advisor.traces.formats.positions import EACH, Places, lines_along
from advisor.traces.formats.rows import emitted, failed, finished, first_text, tokens
from advisor.traces.records import Event, Format, Source, each, get, line_at, most, text_of

_ERRORS = {"timeout": "timeout", "permission": "denied", "approval": "rejected", "cancelled": "cancelled"}
_VERDICTS = {
    "approve": "approve",
    "reject": "reject",
    "terminate": "reject",
    "escalate": "escalate",
    "modify": "modify",
}
_ATTACHED = "attachment://"
_Lines = Mapping[str, Places]
"""The lines of a list's elements, by the list's name."""
_GRADES = {"C": True, "I": False}


def _sniff(source: Source) -> bool:
    return most(source.sample, lambda r: _is_log(r) or _is_sample(r) or _is_summary(r) or _is_reduction(r))


def _is_log(value: Mapping[str, Any]) -> bool:
    """A whole log, or an archive's header."""
    about = value.get("eval")
    return isinstance(about, Mapping) and "task" in about and "model" in about and "version" in value


def _is_sample(value: Any) -> bool:
    return isinstance(value, Mapping) and all(key in value for key in ("id", "epoch", "input", "target", "messages"))


def _is_summary(value: Mapping[str, Any]) -> bool:
    return all(key in value for key in ("id", "epoch", "input", "target", "scores")) and "messages" not in value


def _is_reduction(value: Mapping[str, Any]) -> bool:
    return "scorer" in value and isinstance(value.get("samples"), list)


def _read(source: Source) -> Iterator[Event]:
    for line, value in each(source):
        if isinstance(value, Mapping) and _is_log(value):
            yield from _log(source, line, value)
        elif _is_sample(value):
            places = {kind: _shifted(lines_along(source.text, kind, EACH)) for kind in ("events", "messages")}
            yield from _sample(source, value, {}, line, 0, places)
        elif isinstance(value, Mapping) and (_is_summary(value) or _is_reduction(value)):
            name = "summary" if "epoch" in value else "reduction"
            yield finished({"line": line, "kind": "log", "name": name})
        else:
            source.bad(line, "is no part of an evaluation log")


def _shifted(places: Places) -> Places:
    return {(0, *at): line for at, line in places.items()}


def _log(source: Source, line: int, value: Mapping[str, Any]) -> Iterator[Event]:
    about = value["eval"]
    run: Event = {
        "line": line,
        "kind": "log",
        "name": first_text(about, "task"),
        "run_id": first_text(about, "run_id"),
        "status": values.status(value.get("status")),
        "status_raw": first_text(value, "status"),
        "ts_us": values.instant(get(value, "stats", "started_at") or about.get("created")),
        "end_us": values.instant(get(value, "stats", "completed_at")),
    }
    if isinstance(value.get("error"), Mapping):
        failed(run, None, first_text(value["error"], "message"))
    yield finished(run, emitted(about.get("metadata"), about.get("tags"), about.get("task_args")))
    samples = value.get("samples")
    if not isinstance(samples, list):
        return
    lines = source.lines("samples") if source.shape == "document" else []
    places = {kind: lines_along(source.text, "samples", EACH, kind, EACH) for kind in ("events", "messages")}
    for index, sample in enumerate(samples):
        at = line_at(lines, index, line)
        if isinstance(sample, Mapping) and "id" in sample and "epoch" in sample:
            yield from _sample(source, sample, about, at, index, places)
        else:
            source.bad(at, "is no sample of an evaluation")


def _sample(
    source: Source,
    sample: Mapping[str, Any],
    about: Mapping[str, Any],
    line: int,
    index: int,
    places: dict[str, Places],
) -> Iterator[Event]:
    own = text_of(sample.get("uuid"))
    common: Event = {
        "agent_name": "assistant",
        "request_id": own or identity(sample["id"], sample["epoch"], content=sample.get("messages")),
        "request_id_source": "uuid" if own else "id",
        "run_id": first_text(about, "run_id"),
    }
    seq = 0
    events, messages = sample.get("events"), sample.get("messages")
    if isinstance(events, list) and events:
        reader = _Events(sample, common)
        for place, event in enumerate(events):
            at = places["events"].get((index, place), line)
            if not isinstance(event, Mapping) or not isinstance(event.get("event"), str):
                source.bad(at, "is no event of a sample")
                continue
            seq += 1
            yield {**reader.row(at, event), "seq": seq, "seq_scope": "request"}
    elif isinstance(messages, list):
        model = {"model_request": first_text(about, "model")}
        line_of = _line_of(places["messages"], index, line)
        for row in converse(messages, line_of, {**common, **model}, source.bad):
            seq = row["seq"]
            if row["kind"] == "tool_result":
                row.setdefault("status", "ok")
            yield row
    yield outcome(common, line, seq + 1, _ended(sample))


def _line_of(places: Places, index: int, line: int) -> Callable[[int], int]:
    return lambda place: places.get((index, place), line)


def _ended(sample: Mapping[str, Any]) -> Event:
    """How a sample ended: an error, or its first score; a limit that was hit is named."""
    retried = sample.get("error_retries")
    task, trial = text_of(sample["id"]), text_of(sample["epoch"])
    fields: Event = {"name": task, "task": task, "trial": trial}
    fields["status_raw"] = first_text(sample.get("limit"), "type")
    if isinstance(retried, list) and retried:
        fields["attempt"] = len(retried) + 1
    scores = sample.get("scores")
    if isinstance(scores, Mapping) and scores:
        name, score = next(iter(scores.items()))
        fields |= {"eval_name": str(name), **_graded(get(score, "value"))}
    if isinstance(sample.get("error"), Mapping):
        failed(fields, None, first_text(sample["error"], "message"))
    return fields


def _graded(value: Any) -> Event:
    """A score: C and I are correct and incorrect, a number is full at one; other scores are kept as they are."""
    if isinstance(value, bool) or (isinstance(value, str) and value in _GRADES):
        good = value if isinstance(value, bool) else _GRADES[value]
        return {"status": "ok" if good else "error", "eval_label": str(value), "eval_score": 1.0 if good else 0.0}
    if isinstance(value, int | float) and abs(value) < 1e300:
        status = {1.0: "ok", 0.0: "error"}.get(float(value))
        return {"eval_score": float(value), "status": status}
    return {"eval_label": text_of(value)}


class _Events:
    """Reads a sample's events; content that repeats is attached to the sample once."""

    def __init__(self, sample: Mapping[str, Any], common: Event) -> None:
        """Takes what all rows of the sample have."""
        self.common = common
        attached = sample.get("attachments")
        self.attached: Mapping[str, Any] = attached if isinstance(attached, Mapping) else {}

    def text(self, value: Any) -> Any:
        """A text that is attached, or the value itself."""
        if isinstance(value, str) and value.startswith(_ATTACHED):
            return self.attached.get(value.removeprefix(_ATTACHED), value)
        return value

    def row(self, line: int, event: Mapping[str, Any]) -> Event:
        """The row of one event."""
        kind = event["event"]
        row: Event = {
            **self.common,
            "line": line,
            "kind": "log",
            "name": first_text(event, "name") or kind,
            "event_id": text_of(event.get("uuid")),
            "span_id": text_of(event.get("id")) if kind == "span_begin" else None,
            "parent_span_id": text_of(event.get("parent_id") if kind == "span_begin" else event.get("span_id")),
            "ts_us": values.instant(event.get("timestamp")),
            "end_us": values.instant(event.get("completed")),
        }
        read = _READ.get(kind)
        if read is not None:
            read(self, row, event)
        else:
            row["agent_name"] = None
        return finished(row, emitted(event.get("metadata")))

    def model(self, row: Event, event: Mapping[str, Any]) -> None:
        """A request to a model; its retries come before the attempt that is shown."""
        output = event.get("output")
        row |= {"kind": "llm_call", "name": "model", "status": "ok", **tokens(get(output, "usage"))}
        row["model_request"], row["model_response"] = first_text(event, "model"), first_text(output, "model")
        row["input_hash"] = question(event.get("input") or None)
        said = opened(get(output, "choices", 0, "message"))
        if said is not None:
            text = self.text(said.text)
            row["output_hash"], row["text"] = turn_hash(text if isinstance(text, str) else said.text, said.calls)
        retries = values.number(event.get("retries"))
        row["attempt"] = retries + 1 if retries is not None and 0 <= retries < 2**32 else None
        if event.get("error") is not None:
            failed(row, None, text_of(event["error"]) or first_text(event["error"], "message"))
        elif event.get("pending") is True:
            row["status"] = "pending"

    def tool(self, row: Event, event: Mapping[str, Any]) -> None:
        """A tool's execution, with its result."""
        result = self.text(event.get("result"))
        row |= {
            "kind": "tool_call",
            "tool_name": first_text(event, "function"),
            "tool_call_id": first_text(event, "id"),
        }
        row |= {"name": row["tool_name"], "args_hash": values.fingerprint(event.get("arguments")), "status": "ok"}
        row |= {"result_fp": values.fingerprint(None if result == "" else result), "text": values.excerpt(result)}
        error = event.get("error")
        if event.get("failed") is True or isinstance(error, Mapping):
            kind = first_text(error, "type")
            state = _ERRORS.get(kind or "", "error")
            failed(row, None if kind == "unknown" else kind, self.text(get(error, "message")), state)
        elif event.get("pending") is True:
            row["status"] = "pending"

    def approval(self, row: Event, event: Mapping[str, Any]) -> None:
        """A decision on a tool's call: a person's is an approval, any other approver is a gate."""
        approver, decision = first_text(event, "approver"), _VERDICTS.get(str(event.get("decision")))
        row |= {"tool_call_id": first_text(event.get("call"), "id"), "name": approver}
        row |= {"tool_name": first_text(event.get("call"), "function"), "reason_text": first_text(event, "explanation")}
        if approver is not None and approver.startswith("human"):
            row |= {"kind": "approval_decision", "decision": decision, "decision_source": "human"}
            row["approval_id"] = row["tool_call_id"]
        else:
            gate = {"approve": "allow", "reject": "deny"}.get(decision or "", decision)
            row |= {"kind": "gate_decision", "decision": gate}

    def score(self, row: Event, event: Mapping[str, Any]) -> None:
        """A score, final or on the way."""
        row |= {"kind": "evaluation", "agent_name": None, **_graded(get(event, "score", "value"))}
        row["reason_text"] = values.excerpt(self.text(get(event, "score", "explanation")))

    def fault(self, row: Event, event: Mapping[str, Any]) -> None:
        """An error that ended the sample."""
        failed(row, None, first_text(event.get("error"), "message"))

    def limit(self, row: Event, event: Mapping[str, Any]) -> None:
        """A limit that ended the sample."""
        row["reason_code"] = first_text(event, "type")
        row["text"] = values.excerpt(first_text(event, "message"))

    def told(self, row: Event, event: Mapping[str, Any]) -> None:
        """What a person typed."""
        row |= {"kind": "message", "agent_name": "user", "text": values.excerpt(self.text(event.get("input")))}

    def interrupt(self, row: Event, event: Mapping[str, Any]) -> None:
        """A person's stop."""
        row |= {"kind": "cancel_request", "agent_name": "user", "cancel_scope": "turn"}


_READ: Mapping[str, Callable[[_Events, Event, Mapping[str, Any]], None]] = {
    "model": _Events.model,
    "tool": _Events.tool,
    "approval": _Events.approval,
    "score": _Events.score,
    "error": _Events.fault,
    "sample_limit": _Events.limit,
    "input": _Events.told,
    "interrupt": _Events.interrupt,
}

FORMATS = (Format("inspect_log", "Inspect evaluation log", "openai-agents", _sniff, _read),)
