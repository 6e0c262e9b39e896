"""The judge on tables of outcomes: verdicts in their order, infrastructure, duplicates, pass^k, faults."""

from __future__ import annotations

import csv
import json
import random
from itertools import combinations
from math import comb
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.diagnosis.judge import Judgement, judge
from advisor.diagnosis.judge.causes import CAUSES, kind_sql
from advisor.diagnosis.judge.judgement import verdict_of
from advisor.errors import InputError
from advisor.present import FORMATS
from advisor.present.judgement import render_judgement
from tests.cli.run import advisor
from tests.diagnosis.judge.tables import Row, trials, write

TAU = Path(__file__).parent / "data" / "tau-bench-airline.csv"


def verdicts(judgement: Judgement) -> dict[str, str]:
    return {case.task: case.verdict for case in judgement.cases}


def by_the_rule(c: int, n: int, pc: int, pn: int) -> str:
    """The contract's order, read line by line."""
    if n == 0:
        return "infrastructure"
    if c == n:
        return "not_failing"
    if n < 3 or pn < 3:
        return "insufficient_trials"
    if c == 0 and pc == pn:
        return "replay_divergence"
    return "functional" if c == 0 and pc == 0 else "variance"


def test_every_count_up_to_five_trials_a_side() -> None:
    for n in range(6):
        for pn in range(6):
            for c in range(n + 1):
                for pc in range(pn + 1):
                    told = by_the_rule(c, n, pc, pn)
                    assert verdict_of((c, n), (pc, pn)) == told
                    doubted = "undetermined" if told in ("functional", "replay_divergence") else told
                    assert verdict_of((c, n), (pc, pn), doubt=True) == doubted


def test_a_table_with_one_case_of_each_kind(tmp_path: Path) -> None:
    rows = [
        *trials("broken", "v2", "000"), *trials("broken", "v1", "000"),
        *trials("diverges", "v2", "000"), *trials("diverges", "v1", "111"),
        *trials("fine", "v2", "111"), *trials("fine", "v1", "000"),
        *trials("flaps", "v2", "010"), *trials("flaps", "v1", "111"),
        *trials("few", "v2", "0"), *trials("few", "v1", "11"),
        *trials("outage", "v2", "000", error="RateLimitError: 429 Too Many Requests"), *trials("outage", "v1", "111"),
    ]  # fmt: skip
    judgement = judge(write(tmp_path / "o.csv", rows), "v2", "v1")
    assert verdicts(judgement) == {
        "broken": "functional",
        "diverges": "replay_divergence",
        "few": "insufficient_trials",
        "fine": "not_failing",
        "flaps": "variance",
        "outage": "infrastructure",
    }
    cases = {case.task: case for case in judgement.cases}
    assert cases["few"].more_trials_needed == 3
    assert cases["diverges"].candidate
    assert cases["diverges"].p_value == pytest.approx(1 / comb(6, 3))
    assert cases["outage"].current == (0, 0)
    assert judgement.found


def test_a_divergence_with_enough_trials_is_no_mere_candidate(tmp_path: Path) -> None:
    rows = trials("a", "v2", "0" * 8) + trials("a", "v1", "1" * 8)
    (case,) = judge(write(tmp_path / "o.csv", rows), "v2", "v1").cases
    assert (case.verdict, case.candidate) == ("replay_divergence", False)


INFRASTRUCTURE = [
    "Error code: 429 - rate limit reached for requests",
    "anthropic.RateLimitError",
    "overloaded_error: Overloaded",
    "AuthenticationError: Error code: 401 - invalid x-api-key",
    "403 Forbidden: your organization is not entitled to this model",
    "You exceeded your current quota, please check your plan and billing details",
    "NotFoundError: The model `gpt-9` does not exist or you do not have access to it",
    "Unknown model: foo-1",
    "invalid model id",
    "openai.APIConnectionError: Connection error.",
    "ConnectionResetError: [Errno 104] Connection reset by peer",
    "httpx.RemoteProtocolError: peer closed connection without sending complete message body",
    "socket.gaierror: Temporary failure in name resolution",
    "openai.InternalServerError: Error code: 500",
    "502 Bad Gateway",
    "ServiceUnavailableError",
    "APITimeoutError: Request timed out.",
    "harness: wall-clock limit of 600 s exceeded, task timed out",
]
OWN = {
    "This model's maximum context length is 128000 tokens": "context overflow",
    "context_length_exceeded": "context overflow",
    "prompt is too long: 210000 tokens > 200000 maximum": "context overflow",
    "JSONDecodeError: Expecting value in tool arguments": "malformed tool arguments",
    "Invalid tool call: arguments failed schema validation": "malformed tool arguments",
    "Reached max_turns (10)": "exhausted turns",
    "GraphRecursionError: Recursion limit of 25 reached": "exhausted turns",
    "max steps exceeded": "exhausted turns",
    "AssertionError: refund amount is wrong": "other",
    "the agent cancelled the wrong order": "other",
}


def _kind(text: str) -> str:
    row = duckdb.execute(f"SELECT {kind_sql('e')} FROM (SELECT ? AS e)", [text]).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize("text", INFRASTRUCTURE)
def test_infrastructure_is_recognised_by_its_text(text: str) -> None:
    assert _kind(text) in {cause.kind for cause in CAUSES if cause.infrastructure}


@pytest.mark.parametrize("text", OWN)
def test_what_is_the_models_or_the_runtimes_own_is_kept_apart_by_name(text: str) -> None:
    assert _kind(text) == OWN[text]


def test_the_infrastructure_column_overrules_the_text(tmp_path: Path) -> None:
    rows = trials("a", "v", "0", error="429 rate limit", infrastructure="false")
    rows += trials("b", "v", "0", error="odd", infrastructure="1")
    rows += trials("c", "v", "1", error="429 rate limit, then retried")
    judgement = judge(write(tmp_path / "o.csv", rows))
    assert verdicts(judgement) == {"a": "insufficient_trials", "b": "infrastructure", "c": "not_failing"}


def test_an_outage_is_one_cluster_and_never_a_trial(tmp_path: Path) -> None:
    rows: list[Row] = []
    for task in range(40):
        down = 10 <= task < 30
        error = f"APIConnectionError: connection to 10.0.0.{task} failed" if down else ""
        more = {"time": f"2026-01-01T00:00:{task:02}Z", "group": "night" if down else "day"}
        rows += trials(f"t{task}", "v2", "0" if down else "1", error=error, **more)
        rows += trials(f"t{task}", "v1", "1", time=f"2025-01-01T00:00:{task:02}Z", group="day")
    judgement = judge(write(tmp_path / "o.csv", rows), "v2", "v1")
    (cluster,) = judgement.clusters
    assert (cluster.kind, cluster.trials, len(cluster.tasks), cluster.infrastructure) == ("transport", 20, 20, True)
    assert cluster.contiguous == ("version", "group", "time")
    assert judgement.totals == {"infrastructure": 20, "not_failing": 20}
    assert judgement.batch_test["cases"] == 20
    assert judgement.batch_test["p_value"] == 1.0
    assert not judgement.found


def test_failures_of_one_typed_cause_are_one_explanation(tmp_path: Path) -> None:
    rows: list[Row] = []
    for task in range(12):
        rows += trials(f"t{task}", "v2", "000", error=f"context_length_exceeded: {100000 + task} tokens")
        rows += trials(f"t{task}", "v1", "111")
    rows += trials("u", "v2", "111") + trials("u", "v1", "111")
    judgement = judge(write(tmp_path / "o.csv", rows), "v2", "v1")
    (cluster,) = judgement.clusters
    assert (cluster.kind, len(cluster.tasks), cluster.infrastructure) == ("context overflow", 12, False)
    assert {case.cluster for case in judgement.cases} == {1, None}
    assert judgement.batch_test["p_value"] < 0.001
    assert judgement.batch_test["without_clusters"]["p_value"] == 1.0
    assert any("12 cases fail with one cause (context overflow): one explanation" in r for r in judgement.remarks)


def test_where_the_verifiers_disagree_nothing_functional_is_claimed(tmp_path: Path) -> None:
    rows = trials("a", "v2", "000", passed_2=1) + trials("a", "v1", "000", passed_2=0)
    rows += trials("b", "v2", "000", passed_2=0) + trials("b", "v1", "000", passed_2=0)
    judgement = judge(write(tmp_path / "o.csv", rows), "v2", "v1")
    assert verdicts(judgement) == {"a": "undetermined", "b": "functional"}
    assert [case.verifier_in_doubt for case in judgement.cases] == [True, False]


def test_tau_bench_airline() -> None:
    judgement = judge(TAU)
    assert [round(value, 4) for value in judgement.pass_k["gpt-4o"]] == [0.42, 0.2733, 0.22, 0.2]
    assert round(judgement.pass_at_k["gpt-4o"][3], 2) == 0.72
    always = sum(case.current[0] == 4 for case in judgement.cases)
    never = sum(case.current[0] == 0 for case in judgement.cases)
    assert (always, never, 50 - always - never) == (10, 14, 26)
    low, high = judgement.pass_k_intervals["gpt-4o"][0]
    assert low == pytest.approx(0.32, abs=0.02)
    assert high == pytest.approx(0.52, abs=0.02)
    assert verdicts(judgement).keys() == {str(task) for task in range(50)}
    assert set(judgement.totals) == {"not_failing", "insufficient_trials"}


def test_one_version_split_in_two_stays_quiet(tmp_path: Path) -> None:
    with TAU.open() as file:
        given_rows = list(csv.DictReader(file))
    for first in combinations("0123", 2):
        rows: list[Row] = [{**row, "version": "a" if row["trial"] in first else "b"} for row in given_rows]
        judgement = judge(write(tmp_path / "o.csv", rows), "a", "b")
        assert "replay_divergence" not in judgement.totals
        assert judgement.batch_test["p_value"] > 0.05


OUTCOMES = st.dictionaries(
    st.sampled_from(["t1", "t2", "t3", "t4"]),
    st.tuples(st.text("01", max_size=5), st.text("01", max_size=5)).filter(lambda both: bool(both[0])),
    min_size=1,
)


def _rows(table: dict[str, tuple[str, str]]) -> list[Row]:
    return [r for task, (cur, pri) in table.items() for r in (*trials(task, "c", cur), *trials(task, "p", pri))]


@given(OUTCOMES, st.randoms())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_row_order_and_repeated_rows_change_nothing(
    tmp_path: Path, table: dict[str, tuple[str, str]], shuffler: random.Random
) -> None:
    rows = [*_rows(table), *trials("always", "p", "1")]
    first = judge(write(tmp_path / "a.csv", rows), "c", "p")
    assert verdicts(first) == {
        task: by_the_rule(cur.count("1"), len(cur), pri.count("1"), len(pri)) for task, (cur, pri) in table.items()
    }
    shuffled = [*rows, *rows]
    shuffler.shuffle(shuffled)
    again = judge(write(tmp_path / "b.csv", shuffled), "c", "p")
    assert again.duplicates == len(rows)
    same = {"rows", "duplicates", "remarks"}
    assert again.model_dump(exclude=same) == first.model_dump(exclude=same)


@given(OUTCOMES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_relabelling_keeps_functional_and_turns_divergence_into_passing(
    tmp_path: Path, table: dict[str, tuple[str, str]]
) -> None:
    path = write(tmp_path / "a.csv", [*_rows(table), *trials("always", "p", "1"), *trials("always", "c", "1")])
    one, other = verdicts(judge(path, "c", "p")), verdicts(judge(path, "p", "c"))
    for task, verdict in one.items():
        if verdict == "functional":
            assert other[task] == "functional"
        if verdict == "replay_divergence":
            assert other[task] == "not_failing"


def test_infrastructure_as_failure_is_another_convention(tmp_path: Path) -> None:
    rows = [
        *trials("a", "v", "11"),
        {"task": "a", "version": "v", "trial": "x", "passed": 0, "error": "502 bad gateway"},
    ]
    path = write(tmp_path / "o.csv", rows)
    assert judge(path).pass_k["v"] == (1.0, 1.0)
    assert judge(path, infrastructure_as_failure=True).pass_k["v"] == pytest.approx((2 / 3, 1 / 3, 0.0))


def test_rows_that_are_the_same_byte_for_byte_are_one_trial(tmp_path: Path) -> None:
    same = {"output_hash": "abc", "latency_ms": "1200", "time": "2026-01-01T00:00:00Z"}
    rows = trials("a", "v", "000", **same) + [
        {**row, "output_hash": f"h{at}"} for at, row in enumerate(trials("b", "v", "000", **same))
    ]
    judgement = judge(write(tmp_path / "o.csv", rows))
    assert {case.task: case.current for case in judgement.cases} == {"a": (0, 1), "b": (0, 3)}
    assert judgement.duplicates == 2


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "csv.gz", "csv.zst"])
def test_other_kinds_of_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"o.{kind}"
    rows = trials("a", "v2", "000", error="") + trials("a", "v1", "111", error="")
    if kind == "jsonl":
        lines = [json.dumps({**row, "passed": row["passed"] == "1", "nested": {"x": [1]}}) for row in rows]
        path.write_text("\n".join(lines) + "\n")
    else:
        source = write(tmp_path / "o.csv", rows)
        packed = {"csv.gz": "gzip", "csv.zst": "zstd"}.get(kind)
        how = f"FORMAT csv, COMPRESSION {packed}, HEADER" if packed else "FORMAT parquet"
        duckdb.execute(f"COPY (SELECT * FROM read_csv('{source}')) TO '{path}' ({how})")
    assert verdicts(judge(path, "v2", "v1")) == {"a": "replay_divergence"}


@pytest.mark.parametrize("name", ["o.json", "o.jsonl"])
def test_versions_that_json_has_as_truth_values_are_read_as_text(tmp_path: Path, name: str) -> None:
    rows = [{"task": "a", "version": v, "trial": n, "passed": not v} for v in (True, False) for n in range(3)]
    text = json.dumps(rows) if name == "o.json" else "\n".join(map(json.dumps, rows))
    (tmp_path / name).write_text(text)
    assert verdicts(judge(tmp_path / name, "true", "false")) == {"a": "replay_divergence"}


def test_the_command_in_every_format(tmp_path: Path) -> None:
    nasty = "<b>x</b> [red]y[/] | `z` \x1b[31m"
    rows = trials(nasty, "v2", "000", error=nasty) + trials(nasty, "v1", "111")
    path = write(tmp_path / "o.csv", rows + trials("t", "v2", "111"))
    done = advisor("judge", str(path), "--current", "v2", "--prior", "v1", COLUMNS="80")
    wide = advisor("judge", str(path), "--current", "v2", "--prior", "v1", COLUMNS="160")
    assert done.returncode == wide.returncode == 1
    assert "replay divergence (candidate)" in wide.stdout
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    document = json.loads(advisor("judge", str(path), "--current", "v2", "--format", "json").stdout)
    assert document["schema"] == "advisor/judgement/1"
    assert {"current", "prior", "cases", "totals", "pass_k", "batch_test"} <= set(document)
    assert {"task", "verdict", "current", "prior", "p_value", "more_trials_needed"} <= set(document["cases"][0])
    for format in FORMATS:
        text = render_judgement(judge(path, "v2", "v1"), format, width=80)
        assert "<b>x" not in text.replace("\\<", "").replace('"<b>x', "") or format in ("terminal", "json")
    assert advisor("judge", str(TAU)).returncode == 0


def test_tau_bench_and_tau2_results_are_read_as_they_are(tmp_path: Path) -> None:
    runs = [{"task_id": t, "trial": k, "reward": float(t == k), "traj": [], "info": {}} for t in (0, 1) for k in (0, 1)]
    (tmp_path / "gpt-4o-airline.json").write_text(json.dumps(runs))
    first = judge(tmp_path / "gpt-4o-airline.json")
    assert first.pass_k == {"gpt-4o-airline": (0.5, 0.0)}
    simulations = [
        {
            "task_id": "8",
            "trial": trial,
            "termination_reason": "user_stop" if reward else "max_steps",
            "reward_info": {"reward": reward},
            "duration": 1.5,
            "start_time": "2026-01-01T00:00:00",
        }
        for trial, reward in enumerate((1.0, 0.0, 0.9999999))
    ]
    info = {"agent_info": {"llm": "model-x"}, "environment_info": {"domain_name": "airline"}}
    (tmp_path / "results.json").write_text(json.dumps({"info": info, "tasks": [], "simulations": simulations}))
    second = judge(tmp_path / "results.json")
    assert second.current == "model-x"
    assert second.cases[0].current == (2, 3)
    for text in ("{}", "[]", "[1]", "nonsense", '{"simulations": 3}'):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(InputError):
            judge(tmp_path / "bad.json")
    (tmp_path / "gap.json").write_text(json.dumps([{"task_id": 1, "trial": 0, "reward": None}]))
    with pytest.raises(InputError, match="passed: is empty"):
        judge(tmp_path / "gap.json")


def test_texts_that_differ_only_in_their_code_are_not_one_cluster(tmp_path: Path) -> None:
    rows = trials("a", "v", "0", error="Error code: 429") + trials("b", "v", "0", error="Error code: 500")
    judgement = judge(write(tmp_path / "o.csv", rows))
    assert sorted(cluster.kind for cluster in judgement.clusters) == ["provider error", "rate limit"]
