"""Mapping files: what they say of fields, lines, kinds, pairs and facts, end to end; every fault in them at once."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from advisor.errors import InputError
from advisor.traces.load import load
from advisor.traces.mapping import read_mapping
from tests.traces.logs import bad, mapped, read, rows

SAMPLES = Path(__file__).parent / "samples"
EVENTS = SAMPLES / "application" / "events.jsonl"
RENEWALS = """
schema = 1
[[sources]]
match = "events*"
[sources.fields]
request_id = ["renewal", "customer"]
[[sources.kinds]]
kind = "compensation"
field = "type"
equals = "saga_compensate"
explode = "payload.undo"
set = { saga_id = "renewal" }
fields = { target_system = "payload.undo[].system", resource_id = "payload.undo[].id" }
[[sources.kinds]]
kind = "outcome"
pattern = "^(renewal_closed|churned)$"
set = { status = "ok" }
[[sources.kinds]]
kind = "gate_decision"
equals = "gate_denied"
set = { decision = "deny", policy_id = "discounts" }
"""


def test_a_mapping_explodes_lists_and_confirms_kinds(tmp_path: Path) -> None:
    log = load([str(EVENTS)], mapping=mapped(tmp_path, RENEWALS))
    assert len(rows(log, "line")) == 37
    undone = [
        row
        for row in rows(log, "line", "kind", "declared_by", "action_id", "target_system", "resource_id")
        if row[0] == 33
    ]
    assert undone == [
        (33, "compensation", "mapping", "crm-r-6c40-1", "crm", "crm-r-6c40-1"),
        (33, "compensation", "mapping", "billing-r-6c40-1", "billing", "billing-r-6c40-1"),
    ]
    assert all(id for (id,) in rows(log, "request_id"))
    assert [row for row in rows(log, "kind", "status", "name") if row[0] == "outcome"] == [
        ("outcome", "ok", "renewal_closed"),
        ("outcome", "ok", "churned"),
    ]
    assert ("gate_decision", "deny", "discounts", "mapping") in rows(
        log, "kind", "decision", "policy_id", "declared_by"
    )
    assert {one["name"] for one in log.inventory()["guessed_kinds"]} == {
        "human_required",
        "human_override",
        "offer_expired_timer",
        "sub_agent_timeout",
    }


def test_without_inference_nothing_is_guessed(tmp_path: Path) -> None:
    log = load(
        [str(EVENTS)],
        mapping=mapped(tmp_path, 'schema = 1\n[[sources]]\ninfer = false\n[sources.fields]\nname = "type"\n'),
    )
    assert log.inventory()["guessed_kinds"] == []
    assert rows(log, "name", "event_id")[0] == ("window_opened", None)


LINES = """
schema = 1
[[sources]]
match = "*.log"
timezone = "Europe/Berlin"
lines = [
  '^(?P<when>[\\d-]+ [\\d:]+) (?P<worker_id>\\w+) does (?P<what>\\w+) for (?P<request_id>\\S+)',
  '^(?P<when>[\\d-]+ [\\d:]+) (?P<what>\\w+)!',
]
[sources.fields]
ts = "when"
name = "what"
[[sources.kinds]]
kind = "tool_call"
field = "what"
pattern = "^(search|fetch)$"
"""


def test_patterns_for_lines_of_an_applications_own_making(tmp_path: Path) -> None:
    text = """2026-04-22 02:00:01 w1 does search for r-1 n=3
2026-04-22 02:00:02 w1 does nothing for r-1
2026-04-22 02:00:03 boom!
something else
"""
    log = read(tmp_path, text, mapping=LINES)
    assert rows(log, "line", "ts_us", "worker_id", "name", "request_id", "kind") == [
        (1, 1_776_816_001_000_000, "w1", "search", "r-1", "tool_call"),
        (2, 1_776_816_002_000_000, "w1", "nothing", "r-1", "log"),
        (3, 1_776_816_003_000_000, None, "boom", None, "log"),
        (4, None, None, "something else", None, "log"),
    ]
    assert {"name": "n", "rows": 1} in log.inventory()["unused_fields"]
    without = read(tmp_path, text, mapping=LINES.replace("timezone", "kv = false\ntimezone"))
    assert {"name": "n", "rows": 1} not in without.inventory()["unused_fields"]


def test_a_mapping_makes_a_log_of_a_table_that_says_nothing_by_itself(tmp_path: Path) -> None:
    table = "kunde,vorgang,zeit\nk-1,abgelehnt,2026-04-22T00:00:01Z\nk-2,frei,2026-04-22T00:00:02Z\n"
    with pytest.raises(InputError, match="say neither when nor what happened"):
        read(tmp_path, table)
    mapping = """schema = 1
[[sources]]
[sources.fields]
ts = "zeit"
request_id = "kunde"
[[sources.kinds]]
kind = "gate_decision"
field = "vorgang"
equals = "abgelehnt"
set = { decision = "deny" }
"""
    log = read(tmp_path, table, mapping=mapping)
    assert rows(log, "request_id", "kind", "decision") == [("k-1", "gate_decision", "deny"), ("k-2", "log", None)]


def test_values_that_a_mapped_field_cannot_give_are_bad(tmp_path: Path) -> None:
    mapping = 'schema = 1\n[[sources]]\n[sources.fields]\nattempt = "n"\n'
    log = read(tmp_path, '{"ts": 1776816001, "n": "two"}\n{"ts": 1776816002, "n": "2"}\n', mapping=mapping)
    assert bad(log) == [(1, "n is 'two', which is no whole number")]
    assert rows(log, "attempt") == [(None,), (2,)]


def test_kinds_of_a_known_formats_rows(tmp_path: Path) -> None:
    path = SAMPLES / "otlp" / "spans.jsonl"
    plain = load([str(path)])
    (name, kind), *_ = rows(plain, "name", "kind")
    mapping = f"schema = 1\n[[sources]]\n[[sources.kinds]]\nkind = 'verification'\nequals = {json.dumps(name)}\n"
    assert kind != "verification"
    log = load([str(path)], mapping=mapped(tmp_path, mapping))
    assert rows(log, "name", "kind", "declared_by")[0] == (name, "verification", "mapping")
    assert len(rows(log, "line")) == len(rows(plain, "line"))


PAIRS = """
schema = 1
[[pairs]]
start = "job_begin"
end = "job_end"
on = ["request_id", "tool_name"]
"""


def job(second: int, event: str, request: str = "r-1", tool: str = "t", **more: object) -> str:
    return json.dumps({"ts": 1776816000 + second, "event": event, "request_id": request, "tool_name": tool, **more})


def test_starts_and_ends_become_one_row(tmp_path: Path) -> None:
    text = "\n".join(
        [
            job(0, "job_begin", text="first"),
            job(1, "job_begin", request="r-2"),
            job(3, "job_end", status="failed", output_tokens=7),
            job(4, "job_begin", text="crashed"),
            job(5, "job_begin", text="again"),
            job(7, "job_end", status="ok"),
            job(9, "job_end", request="r-3"),
        ]
    )
    log = read(tmp_path, text, mapping=PAIRS)
    assert rows(log, "line", "duration_us", "status", "output_tokens", "text") == [
        (1, 3_000_000, "error", 7, "first"),
        (2, None, None, None, None),
        (3, None, "error", 7, None),
        (4, None, None, None, "crashed"),
        (5, 2_000_000, "ok", None, "again"),
        (6, None, "ok", None, None),
        (7, None, None, None, None),
    ]


def test_pairs_nest(tmp_path: Path) -> None:
    text = "\n".join([job(0, "job_begin"), job(1, "job_begin"), job(2, "job_end"), job(9, "job_end")])
    log = read(tmp_path, text, mapping=PAIRS)
    assert [duration for (duration,) in rows(log, "duration_us")] == [9_000_000, 1_000_000, None, None]


def test_an_end_of_its_starts_kind_is_no_second_piece_of_work(tmp_path: Path) -> None:
    kinds = '[[sources]]\n[[sources.kinds]]\nkind = "tool_call"\npattern = "^job_"\n'
    text = "\n".join([job(0, "job_begin"), job(2, "job_end", status="ok")])
    log = read(tmp_path, text, mapping=PAIRS + kinds)
    assert rows(log, "kind", "status", "duration_us") == [("tool_call", "ok", 2_000_000), ("log", "ok", None)]


def test_pairs_do_not_grow_with_the_square_of_the_rows(tmp_path: Path) -> None:
    import time

    text = "\n".join(job(n, "job_begin" if n % 2 == 0 else "job_end") for n in range(60_000))
    began = time.perf_counter()
    log = read(tmp_path, text, mapping=PAIRS)
    assert time.perf_counter() - began < 60  # a self-join of these makes 900 million pairs
    (one,) = log.table.query("SELECT COUNT(duration_us) AS many, MAX(duration_us) AS longest FROM events")
    assert one == {"many": 30_000, "longest": 1_000_000}


FACTS = """
schema = 1
[facts]
approval_sla_ms = 3600000
model_order = ["m-1", "m-2"]
lateness_ms = 500
material = { to_state = 0, eval_score = 0.05 }
max_restarts = 3
kill_grace_ms = 2500
[facts.tools.book]
side_effect = "external_write"
[facts.tools.poll]
polling = true
[facts.agents.offer]
role = "sub_agent"
weight = 0.25
deadline_ms = 1500
[facts.agents.archive]
detached = true
[facts.states]
closed = ["renewed", "churned"]
"""


def test_facts_become_columns_and_thresholds(tmp_path: Path) -> None:
    records = [
        {"kind": "tool_call", "tool_name": "book"},
        {"kind": "tool_call", "tool_name": "book", "side_effect": "none"},
        {"kind": "delegation", "agent_name": "offer"},
        {"kind": "llm_call", "agent_name": "offer", "agent_role": "peer"},
        {"kind": "approval_request"},
    ]
    text = "\n".join(json.dumps({"ts": 1776816000 + n, **record}) for n, record in enumerate(records))
    log = read(tmp_path, text, mapping=FACTS)
    assert rows(log, "side_effect", "agent_role", "sla_us") == [
        ("external_write", None, None),
        ("none", None, None),
        (None, "sub_agent", None),
        (None, "peer", None),
        (None, None, 3_600_000_000),
    ]
    assert rows(log, "deadline_us - ts_us AS left_us")[2:4] == [(1_500_000,), (None,)]
    mapping = read_mapping(tmp_path / "mapping.toml")
    facts = mapping.detector_facts
    assert (facts.weights, facts.polling, facts.detached) == ({"offer": 0.25}, {"poll"}, {"archive"})
    assert (facts.model_order, facts.lateness_us, facts.states) == (
        ("m-1", "m-2"),
        500_000,
        {"closed": ("renewed", "churned")},
    )
    assert facts.material == {"to_state": 0, "eval_score": 0.05}
    assert mapping.overrides == {"P4-crash-loop.max-restarts": 3.0, "P6-ignored-kill.grace": 2.5}


WRONG = r"""
schema = 2
colour = "red"
[[sources]]
match = "*"
timezone = "Mars/Olympus"
lines = ['(', '^\d+$']
[sources.fields]
requestid = "id"
ts = []
[[sources.kinds]]
kind = "gate"
equals = "a"
[[sources.kinds]]
kind = "cas"
[[sources.kinds]]
kind = "cas"
pattern = "("
set = { status = "weird" }
[[sources.kinds]]
kind = "cas"
equals = "a"
set = { versoin = "1" }
explode = "list"
explode_as = "ts"
[[pairs]]
start = "a"
end = "a"
[[pairs]]
start = "a"
end = "b"
on = ["renewal"]
[facts]
approval_sla_ms = -1
max_restarts = "many"
[facts.tools.x]
side_effect = "sometimes"
[facts.agents.y]
role = "boss"
weight = nan
"""


def test_every_fault_of_a_mapping_is_told_at_once_with_place_and_mend(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(WRONG)
    with pytest.raises(InputError) as caught:
        read_mapping(path)
    faults = {fault.place.removeprefix(f"{path}: "): f"{fault.what}; {fault.mend}" for fault in caught.value.faults}
    assert set(faults) == {
        "schema",
        "colour",
        "sources.0.timezone",
        "sources.0.lines",
        "sources.0.fields",
        "sources.0.kinds.0.kind",
        "sources.0.kinds.1",
        "sources.0.kinds.2.pattern",
        "sources.0.kinds.2.set",
        "sources.0.kinds.3.set",
        "sources.0.kinds.3.explode_as",
        "pairs.0",
        "pairs.1.on",
        "facts.approval_sla_ms",
        "facts.max_restarts",
        "facts.tools.x.side_effect",
        "facts.agents.y.role",
        "facts.agents.y.weight",
    }
    assert "did you mean request_id?" in faults["sources.0.fields"]
    assert "use one of" in faults["sources.0.kinds.2.set"]
    assert all(not said.endswith("; ") for said in faults.values())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"schema = ", "is not TOML"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"[facts]", "schema: is missing"),
        (b"schema = 1\nsources = 3", "sources"),
        (b"schema = 1\n[sources]\nmatch = '*'", "sources"),
        (b"schema = " + b"9" * 5000, "a number of thousands of digits"),
        (b"schema = 1\n[facts]\napproval_sla_ms = 1e300", "facts.approval_sla_ms: .* less than or equal"),
        (b"schema = 1\n[facts]\nmax_restarts = " + b"9" * 400, "facts.max_restarts: .* less than or equal"),
        (b"schema = 1\n[facts.agents.a]\ndeadline_ms = 1e17", "facts.agents.a.deadline_ms: .* less than or equal"),
        (b"schema = 1\n[[sources]]\nlines = ['" + b"(" * 5000 + b")" * 5000 + b"']", "write a simpler one"),
    ],
)
def test_files_that_are_no_mapping(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_mapping(path)


def test_the_first_source_that_matches_a_path_or_a_name_counts(tmp_path: Path) -> None:
    mapping = mapped(
        tmp_path,
        'schema = 1\n[[sources]]\nmatch = "logs/*.jsonl"\ninfer = false\n[[sources]]\nmatch = "*.jsonl"\nkv = false\n',
    )
    assert [mapping.rule_for(name).infer for name in ("logs/a.jsonl", "other/a.jsonl", "a.log")] == [False, True, True]
    assert [mapping.rule_for(name).kv for name in ("logs/a.jsonl", "other/a.jsonl", "a.log")] == [True, False, True]


def test_the_documented_mapping_is_accepted_as_it_stands(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text()
    (block,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    mapping = mapped(tmp_path, block)
    assert [len(source.kinds) for source in mapping.sources] == [3, 0]
    log = read(tmp_path, "2026-04-22T00:00:01Z w1 gate_denied for r-1\n", mapping=block)
    assert rows(log, "worker_id", "name", "request_id") == [("w1", "gate_denied", "r-1")]
