"""LangGraph: everything that a run says, in one file that `advisor diagnose` reads.

The stream's mode `debug` holds nodes, errors and interrupts. Its mode `custom` carries `record`: what the framework
cannot know.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langgraph.config import get_config, get_stream_writer

PLAIN = False
"""Whether to write what LangGraph says by itself, and no more."""


def record(kind: str, **columns: Any) -> None:
    """Says what just happened, inside a node: one element of the mode `custom`."""
    if PLAIN:
        return
    row = {"kind": kind, "request.id": get_config()["configurable"]["thread_id"]}
    row |= {"ts": datetime.now(UTC).isoformat()} | columns
    get_stream_writer()({f"sdb.{name}": value for name, value in row.items() if value is not None})


class ModelCalls(BaseCallbackHandler):
    """Records each model call; pass it in the config of `stream`: `{"callbacks": [ModelCalls()]}`."""

    def __init__(self) -> None:
        """Knows no call yet."""
        self.begun: dict[Any, dict[str, Any]] = {}

    def on_chat_model_start(self, serialized: Any, messages: Any, *, run_id: Any, metadata: Any, **_: Any) -> None:
        """Keeps what is known at the start."""
        text = json.dumps([[message.type, message.text] for message in messages[0]])
        self.begun[run_id] = {
            "ts": datetime.now(UTC).isoformat(),
            "agent_name": metadata["langgraph_node"],
            "model_version": metadata.get("ls_model_name"),
            "prompt_version": metadata.get("prompt_version"),
            "input_hash": text,
        }

    def on_llm_end(self, response: Any, *, run_id: Any, **_: Any) -> None:
        """Records the call with its answer."""
        known = self.begun.pop(run_id)
        said = response.generations[0][0].text
        record("llm_call", end_ts=datetime.now(UTC).isoformat(), text=said, output_hash=said, status="ok", **known)


def write(stream: Any, path: str) -> None:
    """Appends a stream to a file, an element a line; made with `stream_mode=["debug", "custom"]`."""
    with Path(path).open("a", encoding="utf-8") as file:
        for element in stream:
            file.write(json.dumps(element, default=vars_of) + "\n")


def vars_of(value: Any) -> Any:
    """What a message, an interrupt or another object of the framework holds."""
    return value.model_dump() if hasattr(value, "model_dump") else getattr(value, "__dict__", None) or str(value)
