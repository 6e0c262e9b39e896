"""CrewAI's event bus: one JSON event a line.

A start and its end are one row; the end may stand before the start. Each attempt of a tool is reported on its own. The
run as a whole has no id: the first event up the chain of parents stands for it. `emission_sequence` counts within a
context only, so that time orders the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from advisor.traces import values
from advisor.traces.formats.chat import answer, question
from advisor.traces.formats.rows import emitted, failed, finished, first_text, tokens
from advisor.traces.records import Event, Format, Source, each, most, text_of

_KINDS = {
    "workflow": "crew_kickoff crew_test crew_train task flow method_execution conversation_turn a2a_server_task",
    "agent": "agent_execution lite_agent_execution",
    "tool_call": "tool_usage",
    "llm_call": "llm_call",
    "gate_decision": "llm_guardrail",
    "retrieval": "knowledge_search_query knowledge_query memory_query memory_retrieval",
    "delegation": "a2a_delegation",
    "evaluation": "agent_evaluation",
    "log": """mcp_tool_execution mcp_connection memory_save agent_reasoning plan_step step_observation checkpoint
        checkpoint_fork checkpoint_restore skill_discovery context_window_summarization a2a_conversation""",
}
_KIND_OF: Mapping[str, str] = {stem: kind for kind, stems in _KINDS.items() for stem in stems.split()}
_STARTED = "_started"
_ENDS = ("_completed", "_finished", "_failed", "_error", "_canceled")
_FAILED = ("_failed", "_error")
_SIGNALS = frozenset({"SIGTERM", "SIGINT", "SIGHUP"})
_GUARDS = {"function": "rule", "llm": "model", "hallucination": "model"}


def _sniff(source: Source) -> bool:
    return most(source.sample, _is_event)


def _is_event(value: Mapping[str, Any]) -> bool:
    return "event_id" in value and isinstance(value.get("type"), str) and "emission_sequence" in value


def _stem(kind: str, ends: tuple[str, ...]) -> str | None:
    """What an event is the start or the end of; None where it is neither."""
    found = next((kind.removesuffix(end) for end in ends if kind.endswith(end)), None)
    return found if found in _KIND_OF else None


def _read(source: Source) -> Iterator[Event]:
    reader = _Reader()
    for line, value in each(source):
        if not isinstance(value, Mapping) or not _is_event(value):
            source.bad(line, "is no event of the bus")
            continue
        yield from reader.rows(line, value)
    yield from reader.rest()


class _Reader:
    """What is known between events: their roots, and starts and ends whose other half is missing."""

    def __init__(self) -> None:
        """Knows nothing yet."""
        self.roots: dict[str, str] = {}
        self.started: dict[str, tuple[Event, Mapping[str, Any]]] = {}
        self.early: dict[str, tuple[int, Mapping[str, Any]]] = {}

    def rows(self, line: int, value: Mapping[str, Any]) -> Iterator[Event]:
        """The rows that an event completes."""
        kind, own = value["type"], text_of(value.get("event_id"))
        root = self._root(value, own)
        begins = _stem(kind, (_STARTED,))
        if begins is not None and own is not None:
            started = (_row(line, value, _KIND_OF[begins], begins, root), value)
            end = self.early.pop(own, None)
            if end is not None:
                yield self._closed(started, *end)
            else:
                self.started[own] = started
            return
        ends = _stem(kind, _ENDS)
        if ends is None:
            yield _alone(line, value, root)
            return
        start = text_of(value.get("started_event_id"))
        known = self.started.pop(start, None) if start is not None else None
        if known is not None or start is None or start in self.roots:
            row = known or (_row(line, value, _KIND_OF[ends], ends, root), {})
            yield self._closed(row, line, value)
        else:
            self.early[start] = (line, value)

    def rest(self) -> Iterator[Event]:
        """What never ended, and what never began."""
        for event, value in self.started.values():
            yield finished(event, _given(value))
        for line, value in self.early.values():
            stem = _stem(value["type"], _ENDS) or "log"
            row = _row(line, value, _KIND_OF[stem], stem, self._root(value, None))
            yield self._closed((row, {}), line, value)

    def _root(self, value: Mapping[str, Any], own: str | None) -> str | None:
        """The first event of the run that an event belongs to, as far as events before it tell."""
        # What only comes after another event need not belong to its run, if it begins something itself.
        after = () if value["type"].endswith(_STARTED) else ("previous_event_id",)
        links = [text_of(value.get(key)) for key in ("parent_event_id", "started_event_id", *after)]
        root = next((self.roots[link] for link in links if link is not None and link in self.roots), None)
        if root is None and links[0] is not None:
            root = links[0]
        root = root or own
        if own is not None and root is not None:
            self.roots[own] = root
        return root

    def _closed(self, started: tuple[Event, Mapping[str, Any]], line: int, value: Mapping[str, Any]) -> Event:
        """A start's row with its end; where there was no start, the end's time is all that is known."""
        event, start = started
        at = values.instant(value.get("timestamp"))
        if start:
            event["end_us"] = at
        else:
            event["ts_us"] = values.instant(value.get("started_at")) or at
            event["end_us"] = values.instant(value.get("finished_at") or value.get("completed_at"))
        _end(event, value)
        return finished(event, {**_given(start), **_given(value)})


def _given(value: Mapping[str, Any]) -> dict[str, Any]:
    return emitted(value, value.get("metadata"), value.get("fingerprint_metadata"), value.get("inputs"))


def _row(line: int, value: Mapping[str, Any], kind: str, stem: str, root: str | None) -> Event:
    session = text_of(value.get("session_id"))
    event: Event = {
        "line": line,
        "kind": kind,
        "name": first_text(value, "task_name", "crew_name", "method_name", "flow_name") if kind == "workflow" else stem,
        "op_name": stem,
        "ts_us": values.instant(value.get("timestamp")),
        "seq": values.number(value.get("emission_sequence")),
        "seq_scope": "context",
        "event_id": text_of(value.get("event_id")),
        "span_id": text_of(value.get("event_id")),
        "parent_span_id": text_of(value.get("parent_event_id")),
        "caused_by": text_of(value.get("triggered_by_event_id")),
        "trace_id": root,
        "agent_name": first_text(value, "agent_role", "a2a_agent_name"),
        "agent_id": text_of(value.get("agent_id")),
    }
    request = session or root
    if request is not None:
        event["request_id"] = request
        event["request_id_source"] = "session_id" if session else "parent_event_id"
    if kind == "tool_call":
        event["tool_name"], event["args_hash"] = text_of(value.get("tool_name")), _arguments(value)
        event["attempt"] = _attempt(value.get("run_attempts"))
    elif kind == "llm_call":
        event["model_request"], event["input_hash"] = text_of(value.get("model")), question(value.get("messages"))
    elif kind == "gate_decision":
        event["name"] = text_of(value.get("guardrail_name")) or stem
        event["decision_source"] = _GUARDS.get(str(value.get("guardrail_type")))
        event["attempt"] = _attempt(value.get("retry_count"), first=0)
    elif kind == "workflow" and event["name"] is None:
        event["name"] = stem
    return event


def _attempt(count: Any, first: int = 1) -> int | None:
    """The attempt's number from one, from a count that begins at `first`."""
    read = values.number(count)
    return read - first + 1 if read is not None and first <= read < 2**32 else None


def _arguments(value: Mapping[str, Any]) -> str | None:
    """The arguments' hash; they are text in some events and an object in others."""
    given = value.get("tool_args")
    return None if given in (None, "") else values.fingerprint(given)


def _end(event: Event, value: Mapping[str, Any]) -> None:
    kind = value["type"]
    event["status"] = "ok"
    output = next((value[k] for k in ("output", "result", "response") if value.get(k) is not None), None)
    if event["kind"] == "tool_call":
        event["tool_name"] = event.get("tool_name") or text_of(value.get("tool_name"))
        event["args_hash"] = event.get("args_hash") or _arguments(value)
        event["result_fp"], event["text"] = values.fingerprint(output), values.excerpt(output)
    elif event["kind"] == "llm_call":
        event["output_hash"], event["text"] = answer(output)
        event["model_request"] = event.get("model_request") or text_of(value.get("model"))
        event.update(tokens(value.get("usage")))
    elif event["kind"] == "gate_decision":
        if isinstance(value.get("success"), bool):
            event["decision"] = "allow" if value["success"] else "deny"
        event["decision_source"] = event.get("decision_source") or _GUARDS.get(str(value.get("guardrail_type")))
        event["reason_text"] = values.excerpt(text_of(value.get("error")))
    elif event["kind"] == "evaluation":
        event["eval_name"] = text_of(value.get("metric_category"))
    else:
        event["output_hash"] = values.fingerprint(output)
    event["agent_name"] = event.get("agent_name") or first_text(value, "agent_role", "a2a_agent_name")
    event["agent_id"] = event.get("agent_id") or text_of(value.get("agent_id"))
    state = values.status(value.get("status")) if isinstance(value.get("status"), str) else None
    failure = value.get("failure")
    if kind.endswith(_FAILED) or failure is not None or state in ("error", "timeout"):
        kind_of_error = first_text(value, "error_type") or first_text(failure, "code")
        message = text_of(value.get("error")) or first_text(failure, "message")
        failed(event, kind_of_error, message, state if state == "timeout" else "error")
    elif kind.endswith("_canceled"):
        event["status"] = "cancelled"


def _alone(line: int, value: Mapping[str, Any], root: str | None) -> Event:
    """The row of an event that is neither start nor end."""
    kind = value["type"]
    event = _row(line, value, "log", kind, root)
    event["text"] = values.excerpt(first_text(value, "message", "chunk", "content", "reason"))
    if kind in ("human_feedback_requested", "flow_input_requested"):
        event["kind"], event["approval_id"] = "approval_request", _question_id(value)
    elif kind == "human_feedback_received":
        event |= {"kind": "approval_decision", "approval_id": _question_id(value), "decision_source": "human"}
        event["decision"] = _answered(value.get("outcome")) or _answered(value.get("feedback"))
        event["reason_text"] = values.excerpt(first_text(value, "feedback", "outcome"))
    elif kind == "flow_input_received":
        timed_out = value.get("response") is None
        event |= {"kind": "approval_decision", "approval_id": _question_id(value)}
        event["decision_source"] = "timeout" if timed_out else "human"
        event["status"] = "timeout" if timed_out else None
        event["decision"], event["text"] = _answered(value.get("response")), values.excerpt(value.get("response"))
    elif kind in _SIGNALS:
        event |= {"kind": "cancel_request", "name": kind, "text": values.excerpt(text_of(value.get("reason")))}
    elif kind == "conversation_message_added":
        event |= {"kind": "message", "agent_name": text_of(value.get("role"))}
    elif kind == "hook_dispatched" and value.get("abort_reason") is not None:
        event |= {"kind": "gate_decision", "decision": "deny", "decision_source": "hook"}
        event["reason_text"] = values.excerpt(value.get("abort_reason"))
    elif kind.startswith("tool_") and ("error" in value or "failure" in value):
        # The failure of the attempt is in the attempt's own row; this says why, or what was never attempted.
        failure = value.get("failure")
        event["tool_name"], event["args_hash"] = text_of(value.get("tool_name")), _arguments(value)
        message = text_of(value.get("error")) or first_text(failure, "message")
        failed(event, first_text(failure, "code") or (kind if kind.endswith("_error") else None), message)
    elif "error" in value and value["error"] is not None:
        failed(event, first_text(value, "error_type"), text_of(value["error"]))
    return finished(event, _given(value))


def _question_id(value: Mapping[str, Any]) -> str | None:
    """What joins a question and its answer: its id, or the execution that waits."""
    return first_text(value, "request_id", "parent_event_id", "method_name")


def _answered(told: Any) -> str | None:
    """An answer that is plainly one word for yes or no; None for any other."""
    word = values.decision(told) if isinstance(told, str | bool) else None
    return {"allow": "approve", "approve": "approve", "deny": "reject", "reject": "reject"}.get(word or "")


FORMATS = (Format("crewai_events", "CrewAI events", "crewai", _sniff, _read),)
