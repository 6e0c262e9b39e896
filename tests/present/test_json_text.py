"""JSON that is printed says what it holds to a parser, and nothing to a terminal."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.present.json_text import json_text
from tests.cli.run import advisor

LOUD = "a\x85b\x9b31m\u202ec\x7f"
OUTCOMES = "".join(
    json.dumps({"task": LOUD, "version": "vw"[n % 2], "trial": n, "passed": n % 3 == 0}) + "\n" for n in range(8)
)
LOG = "".join(
    json.dumps({"ts": 1_776_000_000 + n, "kind": "llm_call", "request_id": "r", "model": LOUD, "agent": LOUD}) + "\n"
    for n in range(4)
)
ANSWERS = 'schema = 1\nid = "x"\ntitle = "a\u202eb"\n[answers]\nduration = "days"\n'


def obeyed(text: str) -> set[str]:
    """What stands in a text and would steer a terminal."""
    return {c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Zl", "Zp")} | set(text) & {"\u202e"}


@given(st.recursive(st.text() | st.integers() | st.none(), lambda of: st.lists(of) | st.dictionaries(st.text(), of)))
def test_any_value_comes_back_and_no_text_of_it_steers_a_terminal(value: object) -> None:
    text = json_text(value)
    assert json.loads(text) == value
    assert not obeyed(text)


@pytest.mark.parametrize(
    "command",
    [
        "diagnose log.jsonl --request r",
        "diagnose log.jsonl",
        "diagnose log.jsonl --explain-mapping",
        "watch answers.toml log.jsonl",
        "recommend answers.toml",
        "judge outcomes.jsonl --current w --prior v",
    ],
)
def test_no_command_prints_json_that_steers_a_terminal(tmp_path: Path, command: str) -> None:
    (tmp_path / "log.jsonl").write_text(LOG)
    (tmp_path / "answers.toml").write_text(ANSWERS, "utf-8")
    (tmp_path / "outcomes.jsonl").write_text(OUTCOMES)
    words = [str(tmp_path / word) if "." in word else word for word in command.split()]
    done = advisor(*words, "--format", "json")
    assert done.returncode in (0, 1), done.stderr
    assert not obeyed(done.stdout)
