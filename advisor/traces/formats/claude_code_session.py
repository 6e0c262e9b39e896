"""Claude Code: the session files under `~/.claude/projects`, a record a line.

An assistant's message is written a content part a line; the lines share the message's id and are one `llm_call`. A
prompt starts a turn, which is the row's `run_id`: what a person interrupts is the turn, not the session.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from advisor.traces import values
from advisor.traces.formats.messages import Call, Message, Result, call_row, opened, result_row, said, turn_hash
from advisor.traces.formats.rows import emitted, failed, finished, first_text, tokens
from advisor.traces.records import Event, Format, Source, each, get, most, text_of

_INTERRUPTED = "[Request interrupted by user"
_REFUSED = ("The user doesn't want to proceed with this tool use", "The user doesn't want to take this action")
_TOLD = re.compile(r"the user said:\s*(.+)", re.DOTALL)
_FORBIDDEN = re.compile(r"(Error: )?Permission to use .+ has been denied\b", re.DOTALL)
_BLOCKED = re.compile(r"(Error: )?(PreToolUse:\S+ hook error|Hook PreToolUse:\S+ denied this tool)")


def _sniff(source: Source) -> bool:
    return most(source.sample, _is_record) and any(_is_message(value) for value in source.sample)


def _is_record(value: Mapping[str, Any]) -> bool:
    return _is_message(value) or (isinstance(value.get("type"), str) and ("sessionId" in value or "leafUuid" in value))


def _is_message(value: Any) -> bool:
    return isinstance(value, Mapping) and "sessionId" in value and "uuid" in value and "parentUuid" in value


def _read(source: Source) -> Iterator[Event]:
    reader = _Reader()
    for line, value in each(source):
        message = opened(get(value, "message"))
        if not isinstance(value, Mapping) or not isinstance(value.get("type"), str):
            source.bad(line, "is no record of a session")
        elif value["type"] not in ("user", "assistant"):
            yield from reader.other(line, value)
        elif message is None:
            source.bad(line, "is a message without content")
        else:
            yield from reader.message(line, value, message)
    yield from reader.rest()


@dataclass
class _Answer:
    """An assistant's message whose parts come line by line."""

    id: str | None
    row: Event
    given: Mapping[str, Any]
    texts: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def closed(self) -> Event:
        self.row["output_hash"], self.row["text"] = turn_hash("\n".join(filter(None, self.texts)), tuple(self.calls))
        return finished(self.row, self.given)


@dataclass
class _Reader:
    """What is known between lines; answers and turns are kept by session and thread (a sub-agent has its own)."""

    seq: int = 0
    modes: dict[str, str] = field(default_factory=dict)
    turns: dict[str, str] = field(default_factory=dict)
    answers: dict[tuple[str, str], _Answer] = field(default_factory=dict)

    def message(self, line: int, value: Mapping[str, Any], message: Message) -> Iterator[Event]:
        """The rows of a user's or an assistant's record."""
        yield from self._mode(line, value)
        if value["type"] == "assistant":
            yield from self._assistant(line, value, message)
        else:
            yield from self._user(line, value, message)

    def rest(self) -> Iterator[Event]:
        """The answers that the file ends with."""
        for answer in self.answers.values():
            yield answer.closed()

    def other(self, line: int, value: Mapping[str, Any]) -> Iterator[Event]:
        """Records beside the conversation; a failed request to the model among them counts its attempts from one."""
        yield from self._mode(line, value)
        kind = value["type"]
        event = self._row(line, value, "log")
        event["name"] = first_text(value, "subtype") or kind
        event["text"] = values.excerpt(first_text(value, "content", "summary", "operation"))
        if kind == "system" and value.get("subtype") == "api_error":
            error = value.get("error") if value.get("error") is not None else value.get("cause")
            event["kind"], event["agent_name"] = "llm_call", "assistant"
            event["event_id"] = first_text(error, "requestID", "request_id") or event["event_id"]
            event["attempt"], event["max_attempts"] = _counts(value)
            message = first_text(error, "message", "formatted") or first_text(get(error, "error"), "message")
            inner = get(error, "error", "error", "type") or get(error, "error", "type") or get(error, "type")
            failed(event, inner or first_text(error, "status"), message or values.excerpt(error))
        yield finished(event, emitted(value, value.get("metadata")))

    def _row(self, line: int, value: Mapping[str, Any], kind: str) -> Event:
        self.seq += 1
        session = text_of(value.get("sessionId"))
        event: Event = {
            "line": line,
            "kind": kind,
            "event_id": text_of(value.get("uuid")),
            "ts_us": values.instant(value.get("timestamp")),
            "seq": self.seq,
            "seq_scope": "session",
            "code_version": text_of(value.get("version")),
            "agent_id": text_of(value.get("agentId")),
        }
        if session is not None:
            event["request_id"], event["request_id_source"] = session, "sessionId"
            event["run_id"] = self.turns.get(session)
        if value.get("isSidechain") is True:
            event["agent_role"] = "sub_agent"
        return event

    def _mode(self, line: int, value: Mapping[str, Any]) -> Iterator[Event]:
        """A row where the permission mode is first told, and where it changes."""
        mode, session = text_of(value.get("permissionMode")), str(value.get("sessionId"))
        before = self.modes.get(session)
        if mode is None or mode == before:
            return
        self.modes[session] = mode
        event = self._row(line, value, "log")
        name = "permission_mode" if before is None else "permission_mode_changed"
        yield finished({**event, "name": name, "from_state": before, "to_state": mode})

    def _user(self, line: int, value: Mapping[str, Any], message: Message) -> Iterator[Event]:
        given = emitted(value, value.get("metadata"))
        for result in message.results:
            yield from self._result(line, value, result, given)
        text = message.text
        if not text and message.results:
            return
        if text.startswith(_INTERRUPTED):
            event = self._row(line, value, "cancel_request")
            event |= {"cancel_scope": "turn", "agent_name": "user", "text": values.excerpt(text)}
            yield finished(event, given)
            return
        prompt = first_text(value, "promptId", "uuid")
        if value.get("isSidechain") is not True and value.get("isMeta") is not True and prompt is not None:
            self.turns[str(value.get("sessionId"))] = prompt
        event = self._row(line, value, "message")
        event |= {"agent_name": "system" if value.get("isMeta") is True else "user", "text": values.excerpt(text)}
        yield finished(event, given)

    def _result(self, line: int, value: Mapping[str, Any], result: Result, given: Mapping[str, Any]) -> Iterator[Event]:
        """A tool's result; the API's `is_error` is false where it is left out. What was refused has not failed."""
        content = said(result.content)
        event = result_row(result._replace(state=result.state or "ok"), self._row(line, value, "tool_result"))
        verdict = self._verdict(content, event)
        yield finished(event, given)
        if verdict:
            decided = self._row(line, value, verdict.pop("kind"))
            yield finished({**decided, "tool_call_id": result.id, **verdict})

    def _verdict(self, content: str, event: Event) -> Event:
        """Who stopped the call, in Claude Code's own words; empty where nobody did."""
        if content.startswith(_REFUSED):
            found = _TOLD.search(content)
            event["status"], event["status_raw"] = "rejected", "is_error"
            reason = values.excerpt(found.group(1).strip()) if found else None
            return {
                "kind": "approval_decision",
                "decision": "reject",
                "decision_source": "human",
                "approval_id": event.get("tool_call_id"),
                "reason_text": reason,
            }
        by = "config" if _FORBIDDEN.match(content) else "hook" if _BLOCKED.match(content) else None
        if by is None or event.get("status") != "error":
            return {}
        event["status"], event["status_raw"] = "denied", "is_error"
        verdict = {"kind": "gate_decision", "decision": "deny", "decision_source": by}
        return {**verdict, "reason_text": values.excerpt(content)}

    def _assistant(self, line: int, value: Mapping[str, Any], message: Message) -> Iterator[Event]:
        fields = message.fields
        thread = (str(value.get("sessionId")), str(value.get("agentId") or value.get("isSidechain")))
        answer = self.answers.get(thread)
        called = text_of(fields.get("id"))
        given = emitted(value, value.get("metadata"))
        if answer is None or called is None or answer.id != called:
            if answer is not None:
                yield answer.closed()
            row = self._row(line, value, "llm_call")
            model = text_of(fields.get("model"))
            row |= {"agent_name": "assistant", "model_response": None if model == "<synthetic>" else model}
            row["event_id"] = first_text(value, "requestId") or row["event_id"]  # which its telemetry names as well
            answer = self.answers[thread] = _Answer(called, row, given)
        if value.get("isApiErrorMessage") is True:
            failed(answer.row, first_text(value, "error"), message.text)
        answer.row.update(tokens(fields.get("usage")))
        answer.texts.append(message.text)
        answer.calls += message.calls
        for call in message.calls:
            yield finished({**call_row(call, self._row(line, value, "tool_call")), "agent_name": "assistant"}, given)


def _counts(value: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """The attempt that failed, and how many are made at most (the retries, and the first)."""
    retries = values.number(value.get("maxRetries"))
    return values.number(value.get("retryAttempt")), None if retries is None else retries + 1


FORMATS = (Format("claude_code_session", "Claude Code session", "claude-code-session", _sniff, _read),)
