"""Telemetry: whole lines whatever happens, and the SDK's writer says the same as ours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import starters.agent as package
from starters.agent.telemetry import emit, span


def spans(path: str) -> list[dict[str, Any]]:
    found = []
    for line in Path(path).read_text("utf-8").splitlines():
        for resource in json.loads(line)["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                found += scope["spans"]
    return found


def attributes(one: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in one["attributes"]}


def work() -> None:
    with span("handle", "workflow", request_id="C-1") as whole:
        with pytest.raises(KeyError), span("execute_tool crm", "tool_call", tool_name="crm", attempt=2):
            raise KeyError("gone")
        emit("reject", "offer", reason_code="over-15", partial=True)
        whole.set(status="ok")


def test_children_know_their_parent_and_carry_the_request() -> None:
    work()
    by_name = {one["name"]: one for one in spans(os.environ["TELEMETRY_FILE"])}
    whole, tool = by_name["handle"], by_name["execute_tool crm"]
    assert tool["parentSpanId"] == whole["spanId"] and tool["traceId"] == whole["traceId"]
    assert attributes(tool)["sdb.request.id"] == "C-1" and attributes(tool)["sdb.status"] == "error"
    assert attributes(tool)["error.type"] == "KeyError" and attributes(tool)["gen_ai.operation.name"] == "execute_tool"
    assert tool["status"]["code"] == 2 and whole["status"]["code"] == 1


def test_the_sdks_writer_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.json.file")
    work()
    ours = spans(os.environ["TELEMETRY_FILE"])
    monkeypatch.setenv("TELEMETRY", "otel")
    monkeypatch.setenv("TELEMETRY_FILE", str(tmp_path / "sdk.jsonl"))
    work()
    theirs = spans(str(tmp_path / "sdk.jsonl"))
    assert [(one["name"], attributes(one)) for one in ours] == [(one["name"], attributes(one)) for one in theirs]
    assert all(len(one["traceId"]) == 32 and len(one["spanId"]) == 16 for one in theirs)


def test_nothing_is_written_when_nobody_wants_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEMETRY_FILE", "")
    monkeypatch.chdir(tmp_path)
    work()
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os
from {package}.telemetry import emit
for number in range(10_000):
    emit("log", f"line {{number}}", text="x" * 3_000)
    if number == 200:
        print("now", flush=True)
"""


def test_a_kill_loses_no_line_that_was_written_and_tears_none(tmp_path: Path) -> None:
    root = Path(package.__file__).parents[len(package.__name__.split("."))]
    path = str(tmp_path / "killed.jsonl")
    environment = {**os.environ, "TELEMETRY_FILE": path,
                   "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])}  # fmt: skip
    code = KILLED.format(package=package.__name__)
    writers = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE) for _ in range(3)
    ]
    for writer in writers:
        assert writer.stdout and writer.stdout.readline() == b"now\n"
    for writer in writers:
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
    assert len(spans(path)) >= 3 * 201
