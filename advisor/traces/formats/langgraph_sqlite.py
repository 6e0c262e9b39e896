"""LangGraph's checkpointer in SQLite: the tables `checkpoints` and `writes`.

Payloads are serialised Python: they are hashed, and only messages and plain texts are read out of MessagePack. The id
of a checkpoint is a UUID of version 6, whose time is its own. What a task wrote is one `agent` row, and rows for the
messages that it adds to the state, each once in a thread.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from advisor.traces import values
from advisor.traces.formats.messages import opened, rows_of
from advisor.traces.formats.msgpacked import decoded, plain
from advisor.traces.formats.rows import emitted, failed, finished
from advisor.traces.records import Event, Format, Source, get, text_of

_EPOCH = 0x01B21DD213814000
"""The 100-nanosecond intervals between the Gregorian calendar's start and 1970."""
_TABLES = {"checkpoints": ("thread_id", "checkpoint_id", "metadata"), "writes": ("thread_id", "task_id", "channel")}
_ANSWERS = {"allow": "approve", "approve": "approve", "deny": "reject", "reject": "reject"}


class _Write(NamedTuple):
    place: int
    thread: str | None
    checkpoint: str | None
    task: str | None
    path: str | None
    channel: str
    value: bytes


def _sniff(source: Source) -> bool:
    if source.shape != "sqlite":
        return False
    return all(set(names) <= set(source.tables.get(table, ())) for table, names in _TABLES.items())


def _read(source: Source) -> Iterator[Event]:
    uri = f"file:{source.path.resolve().as_posix().replace('?', '%3f').replace('#', '%23')}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.text_factory = lambda data: data.decode("utf-8", "replace")
            connection.row_factory = sqlite3.Row
            yield from _checkpoints(connection)
            yield from _tasks(connection, source)
    except sqlite3.Error as error:
        source.bad(0, f"the database cannot be read further ({error})")


def _row(place: int, kind: str, thread: str | None, checkpoint: str | None) -> Event:
    event: Event = {"line": place, "kind": kind, "ts_us": instant_of(checkpoint)}
    if thread is not None:
        event["request_id"], event["request_id_source"] = thread, "thread_id"
    return event


def _checkpoints(connection: sqlite3.Connection) -> Iterator[Event]:
    cursor = connection.execute("SELECT * FROM checkpoints ORDER BY thread_id, checkpoint_id")
    for place, row in enumerate(cursor, 1):
        metadata = _object(row["metadata"])
        event = _row(place, "log", text_of(row["thread_id"]), text_of(row["checkpoint_id"]))
        event |= {"name": "checkpoint", "event_id": text_of(row["checkpoint_id"])}
        state = row["checkpoint"] if "checkpoint" in row.keys() else None  # noqa: SIM118
        event["output_hash"] = _hash(_bytes(state)) if state is not None else None
        step = values.number(metadata.get("step"))
        if step is not None and abs(step) < 2**60:
            event["seq"], event["seq_scope"] = (step + 1) * 2, "request"
        if metadata.get("source") == "fork" and "parent_checkpoint_id" in row.keys():  # noqa: SIM118
            event["replay_of"] = text_of(row["parent_checkpoint_id"])
        yield finished(event, emitted(metadata))


def _tasks(connection: sqlite3.Connection, source: Source) -> Iterator[Event]:
    """What tasks wrote, a row a task; its order is that of the checkpoint that it starts from, and one further."""
    steps = {
        (text_of(row["thread_id"]), text_of(row["checkpoint_id"])): values.number(_object(row["metadata"]).get("step"))
        for row in connection.execute("SELECT thread_id, checkpoint_id, metadata FROM checkpoints")
    }
    cursor = connection.execute("SELECT * FROM writes ORDER BY thread_id, checkpoint_id, task_id, idx")
    seen: set[tuple[str | None, str]] = set()
    for (thread, checkpoint, task), group in groupby(_writes(cursor), lambda w: (w.thread, w.checkpoint, w.task)):
        writes = list(group)
        step = steps.get((thread, checkpoint))
        row = _row(writes[0].place, "agent", thread, checkpoint)
        for event in (*_task(writes, dict(row), task), *_said(writes, row, seen)):
            if step is not None and abs(step) < 2**60:
                event["seq"], event["seq_scope"] = (step + 1) * 2 + 1, "request"
            yield event


def _writes(cursor: sqlite3.Cursor) -> Iterator[_Write]:
    for place, row in enumerate(cursor, 1):
        names = row.keys()
        yield _Write(
            place,
            text_of(row["thread_id"]),
            text_of(row["checkpoint_id"]) if "checkpoint_id" in names else None,
            text_of(row["task_id"]),
            text_of(row["task_path"]) if "task_path" in names else None,
            str(row["channel"]),
            _bytes(row["value"]) if "value" in names else b"",
        )


def _task(writes: list[_Write], event: Event, task: str | None) -> Iterator[Event]:
    path = next((write.path for write in writes if write.path), None)
    name = _node(path) if path else None
    by_channel = {write.channel: write.value for write in writes}
    written = b"".join(w.channel.encode() + w.value for w in writes if not w.channel.startswith("__"))
    event |= {"agent_name": name, "name": name, "span_id": task}
    if written:
        event["output_hash"], event["status"] = _hash(written), "ok"
    if "__error__" in by_channel:
        failed(event, None, plain(by_channel["__error__"]))
    elif "__interrupt__" in by_channel and not written:
        event["status"] = "pending"
    asked = {key: value for key, value in event.items() if key in ("line", "ts_us", "request_id", "request_id_source")}
    # A resume is noted for the thread as a whole, too, under a task that is all zeros.
    if (task or "0").strip("0-"):
        if name == "__start__":
            event["kind"] = "log"
        yield finished(event)
        if "__interrupt__" in by_channel:
            yield finished({**asked, "kind": "approval_request", "approval_id": task, "agent_name": name})
        if "__resume__" in by_channel:
            # The time of the answer is nowhere: only that it came after the checkpoint.
            told = plain(by_channel["__resume__"])
            answered: Event = {**asked, "kind": "approval_decision", "approval_id": task, "agent_name": name}
            answered["decision"] = _ANSWERS.get(values.decision(told) or "")
            yield finished({**answered, "ts_us": None, "text": values.excerpt(told)})
    else:
        yield finished({**asked, "kind": "log", "name": "resume" if "__resume__" in by_channel else "writes"})


def _said(writes: list[_Write], base: Event, seen: set[tuple[str | None, str]]) -> Iterator[Event]:
    """The messages that a task adds: turns of a model, calls, results. One that it writes anew is not added."""
    node = next((_node(write.path) for write in writes if write.path), None)
    for write in writes:
        listed = _messages(write.value) if write.channel == "messages" else []
        for one in listed:
            message = opened(one)
            known = (write.thread, text_of(get(one, "id")) or "")
            if message is None or known in seen:
                continue
            if known[1]:
                seen.add(known)
            yield from rows_of(message, write.place, {**base, "agent_name": node})


def _messages(data: bytes) -> list[Any]:
    try:
        read = json.loads(data) if data[:1] in (b"[", b"{") else decoded(data)
    except (ValueError, RecursionError):
        return []
    return read if isinstance(read, list) else [read]


def _node(path: str) -> str | None:
    return path.rpartition(", ")[2] if ", " in path else None


def instant_of(checkpoint: str | None) -> int | None:
    """When a checkpoint was made: the time in an id of version 6; None for other ids."""
    try:
        read = UUID(checkpoint or "")
    except ValueError:
        return None
    if read.version != 6:
        return None
    high, low = read.int >> 80, (read.int >> 64) & 0x0FFF
    return ((high << 12 | low) - _EPOCH) // 10


def _object(value: Any) -> Mapping[str, Any]:
    try:
        read = json.loads(value) if isinstance(value, str | bytes) else value
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, Mapping) else {}


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode() if value is not None else b""


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


FORMATS = (Format("langgraph_sqlite", "LangGraph checkpoints in SQLite", "langgraph", _sniff, _read),)
