"""Anthropic's managed agents: a session's events, as they are streamed or listed, or recorded with their API calls.

A model's request is one `llm_call` from its start to its end; what the agent said in between is its text, and a
`message` beside it. A tool that waits for a person is an approval request, and `user.tool_confirmation` the decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from advisor.traces import values
from advisor.traces.formats.messages import Result, result_row, said
from advisor.traces.formats.rows import emitted, failed, finished, first_text, tokens
from advisor.traces.formats.spans import within
from advisor.traces.records import Event, Format, Source, get, text_of

_SPACES = ("agent.", "user.", "session.", "span.", "system.")
_STREAM = "events.stream"


def _sniff(source: Source) -> bool:
    data = get(source.sample[0], "data") if source.shape == "document" and source.sample else None
    sample = data if isinstance(data, list) and data else source.sample
    hits = sum(1 for value in sample if _is_event(value) or _is_recorded(value))
    return hits > 0 and hits >= 0.8 * len(sample) and any(_is_event(_event_of(value)) for value in sample)


def _is_event(value: Any) -> bool:
    """An event; what a client sends has no id and no time yet."""
    kind = get(value, "type")
    return isinstance(kind, str) and kind.startswith(_SPACES) and ("processed_at" in value or "id" in value)


def _is_recorded(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and ".sessions." in value[0]


def _event_of(value: Any) -> Any:
    return value[1] if _is_recorded(value) else value


def _read(source: Source) -> Iterator[Event]:
    reader = _Reader()
    for line, value in within(source, "data"):
        event = _event_of(value)
        if _is_event(event):
            yield from reader.rows(line, event)
        elif _is_recorded(value):
            reader.note(value[1])
            yield finished({**reader.row(line, {}, "log"), "name": value[0]})
        else:
            source.bad(line, "is no event of a session")
    yield from reader.rest()


class _Reader:
    """What is known between events."""

    def __init__(self) -> None:
        """Knows nothing yet."""
        self.session: str | None = None
        self.seq = 0
        self.requests: dict[str, Event] = {}
        self.said: list[str] = []
        self.name: str | None = None
        self.denied: set[str] = set()

    def note(self, called: Any) -> None:
        """Takes the session's id, and the agent's name, out of a recorded call."""
        named = [get(called, "id"), *(called if isinstance(called, list) else ())]
        self.session = next((one for one in named if isinstance(one, str) and one.startswith("sesn_")), self.session)
        self.name = first_text(get(called, "agent"), "name") or self.name

    def row(self, line: int, value: Mapping[str, Any], kind: str) -> Event:
        """A row with what every event has."""
        self.seq += 1
        event: Event = {
            "line": line,
            "kind": kind,
            "name": text_of(value.get("type")),
            "event_id": text_of(value.get("id")),
            "ts_us": values.instant(value.get("processed_at")),
            "seq": self.seq,
            "seq_scope": "session",
            "agent_name": first_text(value, "agent_name") or self.name,
        }
        session = text_of(value.get("session_id")) or self.session
        thread = text_of(value.get("session_thread_id"))
        if (session or thread) is not None:
            event["request_id"] = session or thread
            event["request_id_source"] = "session_id" if session else "session_thread_id"
        return event

    def rest(self) -> Iterator[Event]:
        """The model's requests that never ended."""
        for event in self.requests.values():
            yield finished(event)

    def rows(self, line: int, value: Mapping[str, Any]) -> Iterator[Event]:
        """The rows of one event."""
        kind, own = str(value["type"]), text_of(value.get("id"))
        given = emitted(value.get("metadata"), value)
        if kind == "span.model_request_start" and own is not None:
            self.requests[own] = self.row(line, value, "llm_call")
            self.said = []
        elif kind == "span.model_request_end":
            yield finished(self._answered(line, value), given)
        elif kind in ("agent.message", "user.message", "system.message"):
            event = self.row(line, value, "message")
            text = said(value.get("content"))
            if kind == "agent.message":
                self.said.append(text)
            else:
                event["agent_name"] = kind.partition(".")[0]
            yield finished({**event, "text": values.excerpt(text)}, given)
        elif kind.startswith("agent.") and kind.endswith("tool_use"):
            yield from self._call(line, value, own, given)
        elif kind.endswith("tool_result"):
            yield finished(self._result(line, value), given)
        elif kind == "user.tool_confirmation":
            yield finished(self._confirmed(line, value), given)
        elif kind == "user.interrupt":
            yield finished({**self.row(line, value, "cancel_request"), "agent_name": "user", "cancel_scope": "turn"})
        else:
            yield finished(self._log(line, value, kind), given)

    def _answered(self, line: int, value: Mapping[str, Any]) -> Event:
        started = text_of(value.get("model_request_start_id"))
        event = self.requests.pop(started or "", None)
        at = values.instant(value.get("processed_at"))
        if event is None:
            event = self.row(line, value, "llm_call")
        else:
            event["end_us"] = at
        event |= {"name": "model_request", **tokens(value.get("model_usage"))}
        event["model_response"] = first_text(value, "model") or first_text(value.get("model"), "id")
        flag = value.get("is_error")
        event["status"] = ("error" if flag else "ok") if isinstance(flag, bool) else None
        text = "\n".join(self.said)
        event["text"], event["output_hash"] = values.excerpt(text), values.fingerprint(text) if text else None
        self.said = []
        return event

    def _call(self, line: int, value: Mapping[str, Any], own: str | None, given: dict[str, Any]) -> Iterator[Event]:
        """A tool's use, and what the agent's permissions say about it."""
        event = self.row(line, value, "tool_call")
        event |= {"tool_name": text_of(value.get("name")), "tool_call_id": own, "name": text_of(value.get("name"))}
        event["args_hash"] = values.fingerprint(value.get("input"))
        event["target_system"] = text_of(value.get("mcp_server_name"))
        yield finished(event, given)
        permission = value.get("evaluated_permission")
        about = {"tool_call_id": own, "tool_name": event["tool_name"], "name": "evaluated_permission"}
        if permission == "ask":
            yield finished({**self.row(line, value, "approval_request"), **about, "approval_id": own})
        elif permission in ("allow", "deny"):
            gate: Event = {**self.row(line, value, "gate_decision"), **about}
            yield finished({**gate, "decision": permission, "decision_source": "config"})

    def _result(self, line: int, value: Mapping[str, Any]) -> Event:
        called = first_text(value, "tool_use_id", "mcp_tool_use_id", "custom_tool_use_id")
        flag = value.get("is_error")
        state = ("error" if flag else "ok") if isinstance(flag, bool) else None
        event = result_row(Result(called, None, value.get("content"), state), self.row(line, value, "tool_result"))
        if called in self.denied:
            event["status"], event["status_raw"] = "rejected", "is_error" if flag is True else None
        return event

    def _confirmed(self, line: int, value: Mapping[str, Any]) -> Event:
        called = text_of(value.get("tool_use_id"))
        event = self.row(line, value, "approval_decision")
        event |= {"tool_call_id": called, "approval_id": called, "decision_source": "human", "agent_name": "user"}
        event["decision"] = {"allow": "approve", "deny": "reject"}.get(str(value.get("result")))
        event["reason_text"] = values.excerpt(text_of(value.get("deny_message")))
        if event["decision"] == "reject" and called is not None:
            self.denied.add(called)
        return event

    def _log(self, line: int, value: Mapping[str, Any], kind: str) -> Event:
        event = self.row(line, value, "log")
        if kind.startswith("session.") and "status_" in kind:
            event["to_state"] = kind.rpartition("status_")[2]
            event["reason_code"] = first_text(value.get("stop_reason"), "type")
        error = value.get("error")
        if kind == "session.error" or error is not None:
            failed(event, first_text(error, "type"), first_text(error, "message") or text_of(error))
        return event


FORMATS = (Format("anthropic_managed_agents", "Anthropic managed agents", "claude-code-otel", _sniff, _read),)
