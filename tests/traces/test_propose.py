"""The mapping that is proposed for a log: accepted as it stands, and it takes nothing away."""

from __future__ import annotations

import json
import re
import tempfile
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.diagnosis.gains import gains
from advisor.errors import InputError
from advisor.traces.load import load
from advisor.traces.log import Log
from advisor.traces.mapping import read_mapping
from advisor.traces.propose import explain, propose
from tests.traces.logs import line, mapped, read

SAMPLES = Path(__file__).parent / "samples"
APPLICATION = sorted((SAMPLES / "application").rglob("*.*l*")) + sorted((SAMPLES / "application").rglob("*.txt"))
APPLICATION = [path for path in APPLICATION if path.suffix in (".jsonl", ".txt")]


def columns(log: Log) -> dict[str, int]:
    """Rows that fill each column."""
    counts = ", ".join(f'COUNT("{name}") AS "{name}"' for name in log.table.present)
    return {name: int(many) for name, many in log.table.query(f"SELECT {counts} FROM stored")[0].items()}


@pytest.mark.parametrize("path", APPLICATION, ids=lambda path: path.name)
def test_a_proposal_is_accepted_and_takes_nothing_away(path: Path, tmp_path: Path) -> None:
    plain = load([str(path)])
    text = propose([str(path)])
    log = load([str(path)], mapping=mapped(tmp_path, text))
    assert columns(log) == columns(plain)
    assert log.inventory()["bad_rows"] == plain.inventory()["bad_rows"]
    assert log.guessed == plain.guessed
    assert all(gain.change >= 0 for gain in gains(plain, log).signatures)


def test_a_proposal_with_every_candidate_uncommented_is_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / "app.jsonl"
    names = ["step_start", "step_end", "gate_denied", "other"]
    path.write_text(
        "".join(
            json.dumps(
                {
                    "ts": f"2026-04-22T00:00:{n:02}",
                    "event": names[n % 4],
                    "case_no": f"c-{n % 3}",
                    "tool": "book",
                    "agent": "offer",
                }
            )
            + "\n"
            for n in range(30)
        )
    )
    text = propose([str(path)])
    uncommented = re.sub(r"^# (?=\[|[a-z_]+ = )(?!lines = )", "", text, flags=re.MULTILINE)
    table = tomllib.loads(uncommented)
    assert table["sources"][0]["timezone"] == "Europe/Berlin"
    assert {kind["equals"] for kind in table["sources"][0]["kinds"]} == set(names)
    assert table["sources"][0]["fields"]["request_id"] == "case_no"
    assert table["pairs"] == [{"start": "step_start", "end": "step_end", "on": ["request_id"]}]
    assert set(table["facts"]["tools"]) == {"book"}
    log = load([str(path)], mapping=mapped(tmp_path, uncommented))
    assert log.guessed == {}


def test_fields_are_listed_with_how_often_how_varied_and_an_example(tmp_path: Path) -> None:
    text = propose([str(SAMPLES / "application" / "events.jsonl")])
    assert re.search(r"^# renewal +44 % +8 +r-8f3a +request_id \(guess\)$", text, re.MULTILINE)
    assert re.search(r"^# customer +100 % +8 +C-001$", text, re.MULTILINE)


def test_guesses_that_do_not_fit_every_value_stay_candidates(tmp_path: Path) -> None:
    path = tmp_path / "app.jsonl"
    path.write_bytes(line(1, max_retries="3") + b"\n" + line(2, max_retries="many") + b"\n")
    assert '# max_attempts = "max_retries"   # not every value fits' in propose([str(path)])


def test_hostile_names_and_values_stay_inside_their_comments(tmp_path: Path) -> None:
    path = tmp_path / "app.jsonl"
    evil = [
        'x"\n[facts]\n',
        "\x1b[31m",
        "\x7f",
        "\u202e",
        "[bold]",
        "\ud83d\ude00",
        "a\\",
        "'''",
        '"""',
        "# x",
        "\u2028",
    ]
    path.write_text(
        "".join(json.dumps({"ts": 1776816001, "event": e, e: e, "request_id": e, "agent": e}) + "\n" for e in evil)
    )
    text = propose([str(path)])
    assert all(mark.isprintable() or mark == "\n" for mark in text)
    (tmp_path / "mapping.toml").write_text(text)
    assert read_mapping(tmp_path / "mapping.toml").facts.tools == {}


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.integers() | st.none(), max_size=5),
        min_size=1,
        max_size=5,
    )
)
def test_any_records_give_a_mapping_that_is_accepted(records: list[dict[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "app.jsonl"
        path.write_text("".join(json.dumps({"ts": 1776816001, **record}) + "\n" for record in records))
        (Path(name) / "mapping.toml").write_text(propose([str(path)]))
        read_mapping(Path(name) / "mapping.toml")


def test_known_formats_need_no_mapping_but_their_tools_are_listed_with_a_proposal_by_name(tmp_path: Path) -> None:
    text = propose([str(SAMPLES / "otlp" / "spans.jsonl")])
    assert "known, its fields need no mapping" in text
    assert "[[sources]]" not in text
    chat = tmp_path / "chat.jsonl"
    calls = [("get_order", 2), ("refund", 1)]
    asked = [{"id": f"{n}{i}", "function": {"name": n, "arguments": "{}"}} for n, many in calls for i in range(many)]
    told = [{"role": "tool", "tool_call_id": each["id"], "content": "done"} for each in asked]
    spoken = [{"role": "user", "content": "help"}, {"role": "assistant", "tool_calls": asked}, *told]
    chat.write_text(json.dumps({"messages": spoken}) + "\n")
    text = propose([str(chat)])
    assert '# [facts.tools."get_order"]   # 2 rows\n# side_effect = "read"' in text
    assert '# [facts.tools."refund"]   # 1 row\n# side_effect = "external_write"' in text
    stated = "schema = 1\n" + text[text.index('[facts.tools."refund"]') :].replace("# side", "side")
    log = load([str(chat)], mapping=mapped(tmp_path, stated))
    effects = log.table.query("SELECT tool_name, side_effect FROM events WHERE kind = 'tool_call' ORDER BY ALL")
    assert [tuple(row.values()) for row in effects] == [("get_order", None)] * 2 + [("refund", "external_write")]


def test_names_beyond_the_longest_list_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "app.jsonl"
    path.write_bytes(b"".join(line(n, tool=f"t{n:02}") + b"\n" for n in range(70)) + line(70, tool="t69") + b"\n")
    text = propose([str(path)])
    assert text.count("# [facts.tools.") == 60
    assert '"t69"]   # 2 rows' in text and "# and 10 more tools, on fewer rows\n" in text


def test_files_that_hold_no_records_are_faults(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    (tmp_path / "b.log").write_bytes(b"")
    with pytest.raises(InputError, match="is a PNG image"):
        propose([str(tmp_path / "a.png")])
    with pytest.raises(InputError, match="is empty"):
        propose([str(tmp_path / "b.log")])


def test_every_guessed_kind_is_explained(tmp_path: Path) -> None:
    log = read(
        tmp_path, line(1, event="gate_denied") + b"\n" + line(2, event="tool_call") + b"\n" + line(3, event="tool_call")
    )
    assert [(one.name, one.kind, one.rows, one.line) for one in explain(log)] == [
        ("tool_call", "tool_call", 2, 2),
        ("gate_denied", "gate_decision", 1, 1),
    ]


def test_what_a_mapping_gains(tmp_path: Path) -> None:
    events = SAMPLES / "application" / "events.jsonl"
    before = load([str(events)])
    mapping = """schema = 1
[[sources]]
[sources.fields]
request_id = "customer"
[[sources.kinds]]
kind = "gate_decision"
equals = "gate_denied"
set = { decision = "deny" }
"""
    found = gains(before, load([str(events)], mapping=mapped(tmp_path, mapping)))
    assert found.rows == (36, 36)
    assert found.guessed[1] == (found.guessed[0] or 0) - 1
    assert ("request_id", 0.4444, 1.0) in found.columns
    changes = [gain.change for gain in found.signatures]
    assert changes == sorted(changes, reverse=True)
    unread = gains(None, before)
    assert unread.rows == (None, 36)
    assert all(gain.before is None and gain.change >= 0 for gain in unread.signatures)
