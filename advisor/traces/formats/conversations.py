"""A whole conversation into rows: its messages in order, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from advisor.traces import values
from advisor.traces.formats.messages import is_message, opened, rows_of
from advisor.traces.formats.rows import finished
from advisor.traces.records import CONFIRMED, Event, text_of

Bad = Callable[[int, str], None]


def is_conversation(value: Any) -> bool:
    """Whether a value is a list of messages, but for a few elements."""
    if not isinstance(value, list) or not value:
        return False
    sample = value[:50]
    return sum(map(is_message, sample)) >= CONFIRMED * len(sample)


def identity(*parts: Any, content: Any = None) -> str:
    """A conversation's id where its source has none: what names it, and a hash of its content.

    Runs of one task in several files stay apart, and a copy of a file is the same run.
    """
    named = "/".join(text for text in map(text_of, parts) if text is not None)
    return f"{named or 'conversation'}-{(values.fingerprint(content) or '')[:8]}"


def converse(messages: Sequence[Any], line_of: Callable[[int], int], common: Event, bad: Bad) -> Iterator[Event]:
    """The rows of a conversation's messages, with their order.

    Args:
        messages: The messages; what is none is noted.
        line_of: The line on which a message starts, by its index.
        common: What all rows have: the request, the assistant's name and model.
        bad: Where to note what is no message.
    """
    tools: dict[str, str] = {}
    seq = 0
    for index, value in enumerate(messages):
        message = opened(value)
        if message is None:
            bad(line_of(index), "is no message of a chat")
            continue
        for event in rows_of(message, line_of(index), common):
            called = event.get("tool_call_id")
            if event["kind"] == "tool_call" and called and event.get("tool_name"):
                tools[called] = event["tool_name"]
            elif event["kind"] == "tool_result" and called and "tool_name" not in event and called in tools:
                event["tool_name"] = tools[called]
            if event["kind"] != "llm_call":
                for name in ("model_request", "model_version"):
                    event.pop(name, None)
            seq += 1
            yield {**event, "seq": seq, "seq_scope": "request"}


def outcome(common: Event, line: int, seq: int, fields: Mapping[str, Any]) -> Event:
    """The row that says how a run ended; it comes after the run's messages."""
    base = {name: value for name, value in common.items() if name != "agent_name"}
    return finished({**base, "line": line, "kind": "outcome", "seq": seq, "seq_scope": "request", **fields})


def judged(success: Any, score: Any = None) -> Event:
    """A verdict and a score as columns of an outcome; a score of one is a success where no verdict is given."""
    points = None
    if isinstance(score, int | float) and not isinstance(score, bool) and abs(score) < 1e300:
        points = float(score)
    if not isinstance(success, bool):
        success = None if points is None else points >= 1 - 1e-6
    made: Event = {"status": None if success is None else "ok" if success else "error", "eval_score": points}
    return {name: value for name, value in made.items() if value is not None}
