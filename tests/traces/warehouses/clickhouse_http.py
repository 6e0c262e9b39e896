"""ClickHouse's HTTP interface over a session inside this process, as far as its client uses it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from advisor.traces.warehouses.dialects import CLICKHOUSE_SETTINGS


@contextmanager
def served(session: Any) -> Iterator[int]:
    """Serves a session on a local port until the block ends; the settings of a request hold for its query alone."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            given = dict(parse_qsl(urlsplit(self.path).query))
            sql = given.get("query", "") + self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            code = 200
            try:
                if "database" in given:
                    session.query(f"USE {given['database']}")
                for name in CLICKHOUSE_SETTINGS:
                    session.query(f"SET {name} = '{given[name]}'" if name in given else f"SET {name} = DEFAULT")
                body = bytes(session.query(sql, "Native" if "FORMAT Native" in sql else "TabSeparated").bytes())
            except Exception as error:  # the engine's own message is what a server answers with
                body, code = str(error).encode(), 500
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
