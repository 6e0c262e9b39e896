"""A local server that speaks the OpenAI chat API, with seeded models whose failure rate is known."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Provider:
    """What the server does: `rates[model][task]` is how often that model answers wrongly."""

    def __init__(self, rates: dict[str, dict[str, float]]) -> None:
        self.rates = rates
        self.calls: list[str] = []
        self.refuse_next = 0
        self.delay = 0.0
        self.tool_arguments = '{"id": 1}'
        self._random = random.Random(5)
        self._lock = threading.Lock()

    def answer(self, body: dict[str, Any]) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Status, headers and body of one reply."""
        time.sleep(self.delay)
        with self._lock:
            self.calls.append(body["model"])
            if body["model"] not in self.rates:
                return 404, {}, {"error": {"message": f"The model `{body['model']}` does not exist"}}
            if self.refuse_next > 0:
                self.refuse_next -= 1
                return 429, {"Retry-After": "2"}, {"error": {"message": "rate limit"}}
            last = body["messages"][-1]
            usage = {"prompt_tokens": 10, "completion_tokens": 5}
            if last["role"] == "user" and body.get("tools"):
                call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": self.tool_arguments}}
                message: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [call]}
            else:
                task = next(m["content"] for m in body["messages"] if m["role"] == "user")
                wrong = self._random.random() < self.rates[body["model"]][task]
                message = {"role": "assistant", "content": "wrong" if wrong else "all is right"}
        return 200, {}, {"choices": [{"message": message}], "usage": usage}


@contextmanager
def serving(provider: Provider) -> Iterator[str]:
    """The base URL of a running server."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers, said = provider.answer(body)
            data = json.dumps(said).encode()
            try:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)
            except OSError:
                return  # the client has gone

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
