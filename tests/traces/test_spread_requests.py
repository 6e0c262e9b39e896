from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from advisor.traces.load import load


def span(trace: str, id: str, **attributes: Any) -> str:
    values = [{"key": name, "value": {"stringValue": value}} for name, value in attributes.items()]
    one = {
        "traceId": trace,
        "spanId": id,
        "name": "x",
        "startTimeUnixNano": "1776000000000000000",
        "attributes": values,
    }
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]})


def requests(tmp_path: Path, *lines: str) -> dict[str, tuple[str, str]]:
    path = tmp_path / "spans.jsonl"
    path.write_text("\n".join(lines) + "\n")
    rows = load([str(path)]).table.query("SELECT span_id, request_id, request_id_source FROM events ORDER BY span_id")
    return {row["span_id"]: (row["request_id"], row["request_id_source"]) for row in rows}


def test_a_conversation_named_on_one_line_is_the_request_of_its_whole_trace(tmp_path: Path) -> None:
    named = span("t" * 32, "b" * 16, **{"gen_ai.conversation.id": "chat-7"})
    seen = requests(tmp_path, span("t" * 32, "a" * 16), named, span("u" * 32, "c" * 16))
    assert seen["a" * 16][0] == seen["b" * 16][0] == "chat-7"
    assert seen["c" * 16] == ("u" * 32, "trace_id")


def test_a_trace_of_two_conversations_gives_none_to_the_others(tmp_path: Path) -> None:
    one = span("t" * 32, "b" * 16, **{"gen_ai.conversation.id": "chat-7"})
    two = span("t" * 32, "c" * 16, **{"gen_ai.conversation.id": "chat-8"})
    assert requests(tmp_path, span("t" * 32, "a" * 16), one, two)["a" * 16] == ("t" * 32, "trace_id")
