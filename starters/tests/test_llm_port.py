"""The model port: one call is one request, its time is the caller's, and the stub is a function of what it is asked."""

from __future__ import annotations

import json
import sys
import threading
import time
import types
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import BaseModel, Field

from starters.agent.llm import ModelFailed, Stub, UntypedAnswer, connect
from starters.agent.runtime.errors import DeadlineExceeded


class Said(BaseModel):
    percent: int = Field(ge=0, le=20)
    words: list[str]


class _Server(ThreadingHTTPServer):
    requests = 0
    status = 200
    wait_s = 0.0
    answer: Any = {"percent": 3, "words": ["a"]}  # noqa: RUF012 - replaced by tests
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        self.server.requests += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.server.wait_s)
        content = self.server.answer if isinstance(self.server.answer, str) else json.dumps(self.server.answer)
        body = json.dumps({"model": "m-2026-01-01", "choices": [{"message": {"content": content}}],
                           "usage": {"prompt_tokens": 3, "completion_tokens": 2}}).encode()  # fmt: skip
        try:
            self.send_response(self.server.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            return

    def log_message(self, *arguments: object) -> None:
        return


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Server]:
    made = _Server(("127.0.0.1", 0), _Handler)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{made.server_address[1]}/v1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield made
    made.shutdown()
    made.server_close()


def test_an_answer_is_typed_and_tells_its_model(server: _Server) -> None:
    got = connect("openai:m").ask("p", Said, 5)
    assert got.value == Said(percent=3, words=["a"]) and got.model == "m-2026-01-01" and got.input_tokens == 3


def test_a_failing_provider_gets_one_request(server: _Server) -> None:
    server.status = 500
    with pytest.raises(ModelFailed):
        connect("openai:m").ask("p", Said, 5)
    assert server.requests == 1


def test_the_time_out_is_what_is_left(server: _Server) -> None:
    server.wait_s = 3
    began = time.monotonic()
    with pytest.raises(ModelFailed):
        connect("openai:m").ask("p", Said, 0.3)
    assert time.monotonic() - began < 0.6
    assert server.requests == 1


def test_without_time_there_is_no_request(server: _Server) -> None:
    with pytest.raises(DeadlineExceeded):
        connect("openai:m").ask("p", Said, 0)
    assert server.requests == 0


@pytest.mark.parametrize(
    "answer", ["sure, three percent!", {"percent": 99, "words": []}], ids=["prose", "out of range"]
)
def test_an_answer_of_another_shape_is_told_apart_from_a_failure(server: _Server, answer: Any) -> None:
    server.answer = answer
    with pytest.raises(UntypedAnswer):
        connect("openai:m").ask("p", Said, 5)


@pytest.mark.parametrize("answer", ["[]", "null", '{"choices": []}'])
def test_an_answer_that_is_no_completion_is_a_failure(server: _Server, answer: str) -> None:
    server.answer = answer
    with pytest.raises((ModelFailed, UntypedAnswer)):
        connect("openai:m").ask("p", Said, 5)


def test_the_stub_answers_alike_to_like_prompts_and_keeps_to_the_type() -> None:
    assert Stub(script={}).ask("p", Said, 1) == Stub(script={}).ask("p", Said, 1)
    assert len({Stub(script={}).ask(str(n), Said, 1).value.percent for n in range(50)}) > 5


def test_a_script_gives_answers_one_after_the_other() -> None:
    good = {"percent": 1, "words": []}
    stub = Stub(script={"p": [{"error": "down"}, "prose", good]})
    with pytest.raises(ModelFailed):
        stub.ask("p", Said, 1)
    with pytest.raises(UntypedAnswer):
        stub.ask("p", Said, 1)
    assert stub.ask("p", Said, 1).value == stub.ask("p", Said, 1).value == Said(percent=1, words=[])


def test_any_provider_is_asked_once_and_its_sdk_told_not_to_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[dict[str, Any]] = []

    def completion(**given: Any) -> Any:
        calls.append(given)
        if given["model"] == "down":
            raise RuntimeError("429")
        message = types.SimpleNamespace(content='{"percent": 3, "words": []}')
        return types.SimpleNamespace(model="m-1", choices=[types.SimpleNamespace(message=message)], usage=None)

    monkeypatch.setitem(sys.modules, "any_llm", types.SimpleNamespace(completion=completion))
    got = connect("any:mistral:m:latest").ask("p", Said, 0.7)
    assert got.value.percent == 3 and got.model == "m-1"
    with pytest.raises(ModelFailed):
        connect("any:mistral:down").ask("p", Said, 0.7)
    assert len(calls) == 2 and calls[0]["model"] == "m:latest" and calls[0]["provider"] == "mistral"
    assert all(call["client_args"] == {"max_retries": 0, "timeout": 0.7} for call in calls)


@pytest.mark.parametrize("setting", ["openai:", "gpt", "any:openai", "any:"])
def test_an_unknown_setting_is_refused_by_name(setting: str) -> None:
    with pytest.raises(ValueError, match="none of stub"):
        connect(setting)
