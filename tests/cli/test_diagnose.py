from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.run import advisor

SAMPLES = Path(__file__).parents[1] / "traces" / "samples"
T = 1_776_000_000


def cas(many: int, slow: int) -> list[str]:
    rows = []
    for number in range(many):
        for attempt in range(1, 7 if number < slow else 2):
            rows.append(
                {
                    "ts": T + number + attempt / 10,
                    "kind": "cas",
                    "request_id": f"r{number}",
                    "op_id": f"op{number}",
                    "attempt": attempt,
                    "resource_id": "renewal/1",
                    "expected_version": str(attempt),
                    "status": "ok" if attempt == (6 if number < slow else 1) else "rejected",
                }
            )
    return [json.dumps(row) for row in rows]


@pytest.fixture
def contended(tmp_path: Path) -> Path:
    path = tmp_path / "app.jsonl"
    path.write_text("\n".join(cas(400, 20)) + "\n")
    return path


def verdicts(*arguments: str) -> dict[str, str]:
    done = advisor("diagnose", *arguments, "--format", "json")
    assert done.returncode in (0, 1), done.stderr
    return {finding["signature"]: finding["verdict"] for finding in json.loads(done.stdout)["findings"]}


def test_a_finding_is_told_with_its_rows_and_ends_in_exit_code_1(contended: Path) -> None:
    done = advisor("diagnose", str(contended))
    assert done.returncode == 1
    assert "P5-cas-contention" in done.stdout
    assert "app.jsonl:" in done.stdout
    assert "assessable" in done.stdout
    assert "healthy" not in done.stdout.lower()


def test_json_has_the_documented_shape_and_evidence_with_lines(contended: Path) -> None:
    document = json.loads(advisor("diagnose", str(contended), "--format", "json").stdout)
    assert document["schema"] == "advisor/diagnosis/1"
    assert {"inventory", "assessability", "findings", "versions", "lenses", "log_next"} <= set(document)
    assert document["inventory"]["rows"] == 500
    finding = next(one for one in document["findings"] if one["signature"] == "P5-cas-contention")
    assert (finding["verdict"], finding["count"]) == ("present", 20)
    first = finding["evidence"][0]
    assert json.loads(contended.read_text().splitlines()[first["line"] - 1])["kind"] == "cas"


def test_the_order_of_lines_and_a_second_copy_change_no_verdict(contended: Path, tmp_path: Path) -> None:
    lines = contended.read_text().splitlines()
    shuffled, copy = tmp_path / "shuffled.jsonl", tmp_path / "copy.jsonl"
    shuffled.write_text("\n".join(random.Random(1).sample(lines, len(lines))))
    copy.write_bytes(contended.read_bytes())
    expected = verdicts(str(contended))
    assert verdicts(str(shuffled)) == expected
    assert verdicts(str(contended), str(copy)) == expected


def test_thresholds_can_be_set_and_the_report_says_so(contended: Path) -> None:
    done = advisor("diagnose", str(contended), "--set", "P5-cas-contention.p99-retries=9", "--format", "json")
    finding = next(f for f in json.loads(done.stdout)["findings"] if f["signature"] == "P5-cas-contention")
    assert finding["verdict"] == "absent"
    assert finding["overridden"] == ["p99-retries"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "was given no logs; name files"),
        (("no-such.jsonl",), "no-such.jsonl: no such file"),
        (("",), '"": is no valid path'),
        (("x" * 5000,), "is longer than a path can be"),
        (("{log}", "--set", "P5-cas-contention.nothing=1"), "is no threshold; use one of P5-cas-contention."),
        (("{log}", "--set", "nonsense"), "is no threshold; write --set"),
        (("{log}", "--text", "--ask"), "are each a job of its own"),
        (("{empty}",), "is empty; check that the log was written"),
        (("{prose}",), "map it: advisor diagnose --init-mapping"),
        (("{log}", "--mapping", "{prose}"), "is not TOML"),
        (("{log}", "--request", "nobody"), "is the id of no row; there are r"),
        (("{log}", "--memory", "1MB"), "ran out of memory; give --memory more"),
        (("{log}", "--threads", "1000000"), "less than or equal to 1024"),
        (("{log}", "--since", ""), "is neither an instant nor a span of time"),
        (("{log}", "--infer"), "has no file to write; add -o ANSWERS"),
        (("--ask",), "needs a terminal; use --answers FILE"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(
    contended: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "prose.txt").write_text("A story about nothing.\nIt has two lines.\n")
    places = {"log": str(contended), "empty": str(tmp_path / "empty.jsonl"), "prose": str(tmp_path / "prose.txt")}
    done = advisor("diagnose", *(argument.format(**places) for argument in arguments))
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_bad_lines_are_counted_and_located(contended: Path) -> None:
    lines = contended.read_text().splitlines()
    lines.insert(7, '{"ts": 1, "kind"')
    lines.insert(9, "[1, 2]")
    contended.write_text("\n".join(lines))
    inventory = json.loads(advisor("diagnose", str(contended), "--format", "json").stdout)["inventory"]
    assert inventory["bad_rows"] == 2
    assert [bad["line"] for bad in inventory["files"][0]["bad"]] == [8, 10]


def test_standard_input_is_read(contended: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "advisor", "diagnose", "-", "--format", "json"],
        input=contended.read_bytes(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["inventory"]["files"][0]["path"] == "(standard input)"


@pytest.mark.parametrize("format", ["terminal", "markdown", "html", "json", "sarif", "junit"])
def test_secrets_and_escapes_of_a_log_reach_no_output(tmp_path: Path, format: str) -> None:
    rows = [json.loads(line) for line in cas(400, 20)]
    for row in rows:
        row["resource_id"] = "\x1b[2J[bold red]<img src=x>[/] sk-proj-abcdefghijklmnopqrstuvwxyz123456 a@example.org"
    path = tmp_path / "hostile.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    done = advisor("diagnose", str(path), "--format", format)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    assert "abcdefghijklmnop" not in done.stdout
    assert "a@example.org" not in done.stdout
    if format in ("html", "sarif", "junit", "markdown"):
        assert "<img src=x>" not in done.stdout or format == "sarif"
    shown = advisor("diagnose", str(path), "--format", "json", "--no-redact").stdout
    assert "a@example.org" in shown


def test_one_request_is_told(contended: Path) -> None:
    done = advisor("diagnose", str(contended), "--request", "r1")
    assert done.returncode == 0
    assert done.stdout.count("commits") >= 6


def test_a_record_is_held_against_the_log_and_answers_are_inferred(contended: Path, tmp_path: Path) -> None:
    answers = tmp_path / "answers.toml"
    done = advisor("diagnose", str(contended), "--infer", "-o", str(answers))
    assert done.returncode == 0, done.stderr
    assert advisor("recommend", str(answers)).returncode == 0
    done = advisor("diagnose", str(contended), "--record", str(answers), "--format", "json")
    assert json.loads(done.stdout)["record"]["schema"] == "advisor/record-check/1"


EVENTS = [
    {"when": "2026-04-01T10:00:00Z", "what": "gate_denied", "order": "o1", "by": "a@example.org"},
    {"when": "2026-04-01T10:00:01Z", "what": "write", "order": "o1"},
    {"when": "2026-04-01T10:00:02Z", "what": "contract_merger_detected", "order": "o1"},
] * 20
MAPPING = """schema = 1
[[sources]]
[sources.fields]
ts = "when"
request_id = "order"
[[sources.kinds]]
field = "what"
equals = "write"
kind = "commit"
[sources.kinds.set]
side_effect = "external_write"
status = "ok"
"""


def test_a_mapping_is_proposed_checked_and_explained(tmp_path: Path) -> None:
    log, mapping = tmp_path / "own.jsonl", tmp_path / "mapping.toml"
    log.write_text("\n".join(json.dumps({**row, "n": n}) for n, row in enumerate(EVENTS)))
    proposed = advisor("diagnose", str(log), "--init-mapping", "-o", str(tmp_path / "proposal.toml"))
    assert proposed.returncode == 0, proposed.stderr
    text = (tmp_path / "proposal.toml").read_text()
    assert "\n# what " in text
    assert "a@example.org" not in text
    assert advisor("diagnose", str(log), "--mapping", str(tmp_path / "proposal.toml")).returncode in (0, 1, 2)
    mapping.write_text(MAPPING)
    document = json.loads(
        advisor("diagnose", str(log), "--mapping", str(mapping), "--check-mapping", "--format", "json").stdout
    )
    assert document["schema"] == "advisor/gains/1"
    gained = next(each for each in document["signatures"] if each["signature"] == "SDB-unverified-commit")
    assert gained["after"] in ("A", "B", "C", "D") or gained["missing"]
    explained = advisor("diagnose", str(log), "--mapping", str(mapping), "--explain-mapping").stdout
    assert "contract_merger_detected" not in explained


def test_checking_a_mapping_needs_one(contended: Path) -> None:
    done = advisor("diagnose", str(contended), "--check-mapping")
    assert done.returncode == 2
    assert "has no mapping to check; add --mapping FILE" in done.stderr


@pytest.mark.parametrize("where", ["nowhere/e.parquet", "", "app.jsonl/e.parquet"])
def test_events_that_cannot_be_saved_are_a_fault(contended: Path, where: str) -> None:
    path = contended.parent / where
    done = advisor("diagnose", str(contended), "--save-events", str(path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{path}: cannot be written (")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("since", ["24h", "999999w", "0001-01-01"])
def test_no_span_and_no_row_leads_out_of_the_calendar(tmp_path: Path, since: str) -> None:
    path = tmp_path / "app.jsonl"
    row = {"ts": "9999-12-31T23:59:59Z", "kind": "llm_call", "request_id": "r", "duration_ms": 10**15 - 1}
    path.write_text(json.dumps(row) + "\n")
    done = advisor("diagnose", str(path), "--since", since, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["inventory"]["rows"] == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_behind_stdout_is_a_fault_and_a_closed_one_is_none(contended: Path) -> None:
    command = f"{sys.executable} -m advisor diagnose {contended}"
    full = subprocess.run(f"{command} > /dev/full", shell=True, capture_output=True, text=True, check=False)
    assert full.returncode == 2
    assert full.stderr.startswith("(standard output): cannot be written (no space left on device);")
    assert len(full.stderr.splitlines()) == 1
    closed = subprocess.run(f"{command} >&-", shell=True, capture_output=True, text=True, check=False)
    assert (closed.returncode, closed.stderr) == (1, "")
