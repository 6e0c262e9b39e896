"""OpenAI Agents SDK: a tracing processor that writes what `advisor diagnose` reads, and `record` for the rest."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agents import TracingProcessor, custom_span, set_trace_processors

PLAIN = False
"""Whether to write what the SDK says by itself, and no more."""


def record(kind: str, **columns: Any) -> None:
    """Says what just happened, inside a trace: one custom span, whose request is the trace's `group_id`."""
    if PLAIN:
        return
    row = {"kind": kind, "ts": datetime.now(UTC).isoformat()} | columns
    with custom_span(kind, {f"sdb.{name}": value for name, value in row.items() if value is not None}):
        pass


class Lines(TracingProcessor):
    """Appends traces and spans to a file, one a line; a model call and a tool call also get their agent's name."""

    def __init__(self, path: str) -> None:
        """Has seen no span yet."""
        self.path = Path(path)
        self.agents: dict[str, str | None] = {}

    def on_trace_start(self, trace: Any) -> None:
        """Writes the trace first: it names the request of its spans."""
        self._write(trace.export())

    def on_span_start(self, span: Any) -> None:
        """Remembers whose span this is."""
        own = span.span_data.name if span.span_data.type == "agent" else None
        self.agents[span.span_id] = own or self.agents.get(span.parent_id)

    def on_span_end(self, span: Any) -> None:
        """Writes the span."""
        agent, row = self.agents.pop(span.span_id, None), span.export()
        if agent and not PLAIN:
            row["metadata"] = {"gen_ai.agent.name": agent} | (row.get("metadata") or {})
            if span.span_data.type in ("generation", "response"):
                row["metadata"]["sdb.kind"] = "llm_call"
        self._write(row)

    def on_trace_end(self, trace: Any) -> None:
        """Nothing: the trace is written."""

    def shutdown(self) -> None:
        """Nothing: every line is written at once."""

    def force_flush(self) -> None:
        """Nothing: every line is written at once."""

    def _write(self, row: Any) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, default=str) + "\n")


def write_to(path: str) -> None:
    """Sends all traces to a file, and nowhere else."""
    set_trace_processors([Lines(path)])
