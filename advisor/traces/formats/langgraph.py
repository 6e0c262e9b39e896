"""LangGraph: what `stream` yields, state histories, and LangChain's `astream_events`.

A node's execution is one `agent` row, from its `task` to its `task_result`; the attempts inside it are invisible. An
interrupt is an approval request, and the same task run again is the answer to it. An element of a stream is a mode and
a payload; only `debug` carries times, and repeats what `tasks` and `checkpoints` say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from advisor.traces import values
from advisor.traces.formats.messages import opened, rows_of
from advisor.traces.formats.rows import emitted, failed, finished, first_text
from advisor.traces.records import Event, Format, Record, Source, each, get, most, text_of

_PRINTED_ID = re.compile(r"^Interrupt\(.*\bid='([0-9a-f]{16,})'", re.DOTALL)
_START = "__start__"
_MODES = frozenset("debug tasks checkpoints updates values custom messages".split())


def _parted(value: Any) -> tuple[str, Any] | None:
    """A stream's element as mode and payload: a pair, a triple after a subgraph's namespace, or an object."""
    if isinstance(value, list) and len(value) in (2, 3):
        mode, payload = value[-2], value[-1]
        fits = len(value) == 2 or isinstance(value[0], list)
        return (mode, payload) if fits and isinstance(mode, str) and mode in _MODES else None
    if isinstance(value, Mapping) and isinstance(value.get("type"), str) and value["type"] in _MODES:
        return (value["type"], value["data"]) if "data" in value and "ns" in value else None
    return None


def _is_stream(source: Source) -> bool:
    hits = sum(1 for value in source.sample if _parted(value) is not None)
    return hits > 0 and hits >= 0.8 * len(source.sample)


def _is_history(source: Source) -> bool:
    return most(source.sample, _is_snapshot)


def _is_snapshot(value: Mapping[str, Any]) -> bool:
    return all(key in value for key in ("values", "next", "config", "metadata", "created_at"))


class _Stream:
    """What is known between the elements of a stream."""

    def __init__(self, sample: Sequence[Any]) -> None:
        """Notes which modes carry what: `debug` beats `tasks`, and tasks' results beat `updates`."""
        parted = [part for part in map(_parted, sample) if part is not None]
        self.debug = any(mode == "debug" for mode, _ in parted)
        self.tasks = self.debug or any(mode == "tasks" for mode, _ in parted)
        self.thread: str | None = None
        self.seq = 0
        self.begun: dict[str, Event] = {}
        self.asked: dict[str, str] = {}
        self.answers: dict[str, Event] = {}

    def rows(self, line: int, mode: str, payload: Any) -> Iterator[Event]:
        """The rows of one element."""
        if mode == "debug" and isinstance(payload, Mapping):
            inner, kind, at = payload.get("payload"), str(payload.get("type")), values.instant(payload.get("timestamp"))
            if isinstance(inner, Mapping):
                yield from self._told(line, kind, inner, at)
                return
        elif mode in ("tasks", "checkpoints") and isinstance(payload, Mapping):
            if not self.debug:
                kind = "checkpoint" if mode == "checkpoints" else "task" if "input" in payload else "task_result"
                yield from self._told(line, kind, payload, None)
                return
        elif mode == "updates" and isinstance(payload, Mapping) and not self.tasks:
            yield from self._updates(line, payload)
            return
        elif mode == "custom":
            event = finished({**self._row(line, "log"), "name": "custom"}, emitted(payload))
            yield self._answered(event) if event["kind"] == "approval_decision" else event
            return
        yield finished({**self._row(line, "log"), "name": mode})

    def rest(self) -> Iterator[Event]:
        """The tasks that never ended, and the answers that they were given."""
        for event in self.begun.values():
            yield finished(event, event.pop("_given", {}))
        yield from self.answers.values()

    def _answered(self, told: Event) -> Event:
        """An answer that the program tells stands where the task began again: it was there, and is read once."""
        for task, read in self.answers.items():
            if read["approval_id"] == told.get("approval_id"):
                del self.answers[task]
                return {**told, **{key: read[key] for key in ("ts_us", "seq") if key in read}}
        return told

    def _row(self, line: int, kind: str, at: int | None = None) -> Event:
        self.seq += 1
        event: Event = {"line": line, "kind": kind, "ts_us": at, "seq": self.seq, "seq_scope": "request"}
        if self.thread is not None:
            event["request_id"], event["request_id_source"] = self.thread, "thread_id"
        return event

    def _told(self, line: int, kind: str, payload: Mapping[str, Any], at: int | None) -> Iterator[Event]:
        if kind == "checkpoint":
            yield self._checkpoint(line, payload, at)
        elif kind == "task":
            yield from self._task(line, payload, at)
        elif kind == "task_result":
            yield from self._result(line, payload, at)
        else:
            yield finished({**self._row(line, "log", at), "name": kind})

    def _checkpoint(self, line: int, payload: Mapping[str, Any], at: int | None) -> Event:
        self.thread = text_of(get(payload, "config", "configurable", "thread_id")) or self.thread
        return finished(_checkpoint(self._row(line, "log", at), payload), emitted(payload.get("metadata")))

    def _task(self, line: int, payload: Mapping[str, Any], at: int | None) -> Iterator[Event]:
        self.thread = text_of(get(payload, "metadata", "thread_id")) or self.thread
        task, name = text_of(payload.get("id")) or "", text_of(payload.get("name"))
        if task in self.begun:
            before = self.begun.pop(task)
            yield finished(before, before.pop("_given", {}))
        event = self._row(line, "log" if name == _START else "agent", at)
        event |= {"agent_name": name, "name": name, "span_id": task or None}
        event["input_hash"] = values.fingerprint(payload.get("input"))
        event["_given"] = emitted(payload.get("metadata"))
        self.begun[task] = event
        asked = self.asked.pop(task, None)
        if asked is not None:
            answer = self._row(line, "approval_decision", at) | {"approval_id": asked, "agent_name": name}
            self.answers[task] = finished(answer)

    def _result(self, line: int, payload: Mapping[str, Any], at: int | None) -> Iterator[Event]:
        task, name = text_of(payload.get("id")) or "", text_of(payload.get("name"))
        event = self.begun.pop(task, None) or {**self._row(line, "agent"), "span_id": task or None}
        given = event.pop("_given", {})
        event |= {"agent_name": name, "name": name, "end_us": at, "status": "ok"}
        event["output_hash"] = values.fingerprint(payload.get("result"))
        interrupts = payload.get("interrupts")
        if payload.get("error") is not None:
            failed(event, None, text_of(payload["error"]) or values.canonical(payload["error"]))
        elif isinstance(interrupts, list) and interrupts:
            event["status"] = "pending"
        yield finished(event, given)
        if task in self.answers:
            yield self.answers.pop(task)
        yield from self._said(line, name, payload.get("result"))
        for one in interrupts if isinstance(interrupts, list) else []:
            row = self._row(line, "approval_request", at)
            row |= {"approval_id": _interrupt_id(one) or task or None, "agent_name": name}
            row = finished(row | {"text": values.excerpt(_asked(one))}, emitted(get(one, "value")))
            if "approval_id" in row:
                self.asked[task] = row["approval_id"]
            yield row

    def _updates(self, line: int, payload: Mapping[str, Any]) -> Iterator[Event]:
        for node, update in payload.items():
            if node == "__interrupt__":
                for one in update if isinstance(update, list) else [update]:
                    row = self._row(line, "approval_request")
                    yield finished(row | {"approval_id": _interrupt_id(one), "text": values.excerpt(_asked(one))})
                continue
            event = self._row(line, "agent") | {"agent_name": str(node), "name": str(node), "status": "ok"}
            yield finished(event | {"output_hash": values.fingerprint(update)})
            yield from self._said(line, str(node), update)
        if not payload:
            yield finished({**self._row(line, "log"), "name": "updates"})

    def _said(self, line: int, node: str | None, update: Any) -> Iterator[Event]:
        """The messages that a node adds to the state: turns of a model, calls, results."""
        listed = get(update, "messages")
        if isinstance(update, list):
            listed = next((pair[1] for pair in update if get(pair, 0) == "messages" and len(pair) == 2), None)
        for one in listed if isinstance(listed, list) else [listed] if isinstance(listed, Mapping) else []:
            message = opened(one)
            for event in rows_of(message, line, {"agent_name": node}) if message is not None else []:
                yield finished({**self._row(line, "log"), **event})


def _interrupt_id(interrupt: Any) -> str | None:
    """An interrupt's id; where a serialiser knew no better, it is in the text that Python prints."""
    if isinstance(interrupt, str):
        found = _PRINTED_ID.search(interrupt)
        return found.group(1) if found else None
    return first_text(interrupt, "id")


def _asked(interrupt: Any) -> Any:
    return interrupt["value"] if isinstance(interrupt, Mapping) and "value" in interrupt else interrupt


def _checkpoint(event: Event, snapshot: Mapping[str, Any]) -> Event:
    config = get(snapshot, "config", "configurable")
    event |= {"name": "checkpoint", "event_id": first_text(config, "checkpoint_id")}
    event["output_hash"] = values.fingerprint(snapshot.get("values"))
    if get(snapshot, "metadata", "source") == "fork":
        event["replay_of"] = text_of(get(snapshot, "parent_config", "configurable", "checkpoint_id"))
    return event


def _read_stream(source: Source) -> Iterator[Event]:
    stream = _Stream(source.sample)
    # A whole stream that is one pair is a document of two elements, not a list of pairs.
    pair = source.shape == "document" and _parted(list(source.sample)) is not None
    for line, value in source.records if pair else each(source):
        part = _parted(value)
        if part is None:
            source.bad(line, "is no element of a stream: a mode and a payload")
            continue
        yield from stream.rows(line, *part)
    yield from stream.rest()


def _read_history(source: Source) -> Iterator[Event]:
    """Snapshots, newest first: each a checkpoint, and the tasks that were due in it."""
    for line, value in each(source):
        if not isinstance(value, Mapping) or not _is_snapshot(value):
            source.bad(line, "is no snapshot of a state")
            continue
        yield from _snapshot(Record(line, value))


def _snapshot(record: Record) -> Iterator[Event]:
    line, value = record
    step = values.number(get(value, "metadata", "step"))
    base: Event = {"line": line, "ts_us": values.instant(value.get("created_at"))}
    if step is not None and abs(step) < 2**60:
        # The first step is -1; a checkpoint comes before the tasks that are due in it.
        base |= {"seq": (step + 1) * 2, "seq_scope": "request"}
    thread = text_of(get(value, "config", "configurable", "thread_id"))
    if thread is not None:
        base |= {"request_id": thread, "request_id_source": "thread_id"}
    given = emitted(value.get("metadata"))
    yield finished(_checkpoint({**base, "kind": "log"}, value), given)
    tasks = value.get("tasks")
    for task in tasks if isinstance(tasks, list) else []:
        named = _named(task)
        if named is None:
            continue
        if "seq" in base:
            base["seq"] = ((step or 0) + 1) * 2 + 1
        yield from _due(base, named, given)


def _named(task: Any) -> Mapping[str, Any] | None:
    """A task with names: it is written as an object, or as the tuple it is in Python."""
    if isinstance(task, list):
        return dict(zip(("id", "name", "path", "error", "interrupts", "state", "result"), task, strict=False))
    return task if isinstance(task, Mapping) else None


def _due(base: Event, task: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Event]:
    name = text_of(task.get("name"))
    kind = "log" if name == _START else "agent"
    event: Event = {**base, "kind": kind, "agent_name": name, "name": name, "span_id": text_of(task.get("id"))}
    interrupts = task.get("interrupts")
    waits = isinstance(interrupts, list) and bool(interrupts)
    if task.get("error") is not None:
        failed(event, None, text_of(task["error"]) or values.canonical(task["error"]))
    elif task.get("result") is not None:
        event |= {"status": "ok", "output_hash": values.fingerprint(task["result"])}
    elif waits:
        event["status"] = "pending"
    yield finished(event, given)
    for one in interrupts if isinstance(interrupts, list) else []:
        asked = _interrupt_id(one) or text_of(task.get("id"))
        row: Event = {**base, "kind": "approval_request", "approval_id": asked, "agent_name": name}
        yield finished({**row, "text": values.excerpt(_asked(one))}, emitted(get(one, "value")))


FORMATS = (
    Format("langgraph_stream", "LangGraph stream", "langgraph", _is_stream, _read_stream),
    Format("langgraph_history", "LangGraph state history", "langgraph", _is_history, _read_history),
)
