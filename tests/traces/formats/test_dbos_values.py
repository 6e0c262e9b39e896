"""DBOS values: pickles are listed, never run."""

from __future__ import annotations

import base64
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from advisor.traces.formats.pickled import Error, Plain, error, plain
from tests.traces.formats.dbos_databases import (
    NEW,
    database,
    of,
    rows,
    shown,
)


class Trap:
    """Pickled, it makes a folder when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def test_pickles_are_never_run(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    trap = base64.b64encode(pickle.dumps(Trap(sprung))).decode()
    script = f"UPDATE operation_outputs SET output = '{trap}', error = '{trap}';"
    script += (
        f"UPDATE workflow_output SET output = '{trap}', error = '{trap}'; UPDATE notifications SET message = '{trap}';"
    )
    found = rows(database(tmp_path, NEW.read_text(), script))
    assert not sprung.exists()
    (step,) = [event for event in of(found, "r-over") if event.get("seq") == 1]
    assert shown(step, "status", "error_type", "text") == ("error", "mkdir", None)
    pickle.loads(base64.b64decode(trap))
    assert sprung.exists()


def pickled(value: Any, protocol: int = 4) -> str:
    return base64.b64encode(pickle.dumps(value, protocol)).decode()


class Own(Exception):
    """An error with a state of its own."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.hint = "ask the desk"


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_plain_values_and_errors_in_every_protocol(protocol: int) -> None:
    for value in (None, True, False, 0, 7, -3, 2**40, 2**90, 1.5, "", "yes", "é" * 300):
        assert plain(pickled(value, protocol)) == Plain(value)
    for value in ({"a": 1}, ["x"], ("x", 1), Own("x"), b"raw"):
        assert plain(pickled(value, protocol)) is None
    assert error(pickled(ValueError("no 17"), protocol)) == Error("ValueError", "no 17")
    assert error(pickled(KeyError("a", 3), protocol)) == Error("KeyError", "a", 3)
    assert error(pickled(Own("late"), protocol)) == Error("Own", "late")
    assert error(pickled(RuntimeError(), protocol)) == Error("RuntimeError", None)


def test_errors_and_values_in_json() -> None:
    assert error('{"name": "PaymentError", "message": "declined", "code": 4}') == Error("PaymentError", "declined")
    assert error('{"json": {"name": "Error", "message": "no"}}') == Error("Error", "no")
    old = '{"py/reduce": [{"py/type": "builtins.ValueError"}, {"py/tuple": ["no"]}]}'
    assert error(old) == Error("ValueError", "no")
    assert error("broken") == Error(None, "broken")
    assert error("[1]") is error(None) is error("{}") is None
    assert plain("1795333902.24") == Plain(1795333902.24)
    assert plain("null") == Plain(None)
    for text in ("", "gA", "gARL", "gAR", "gAROLg=", "gARYBAAAAP////8u", "[" * 100_000, None, 7):
        assert plain(text) is None
