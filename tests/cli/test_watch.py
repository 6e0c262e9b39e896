"""`advisor watch`: what a user sees of a record under watch, in every format, and how the runs end."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from tests.cli.run import advisor

RECORD = """\
schema = 1
id = "refunds"
title = "Refunds [bold]"

[answers]
duration = "minutes"
"""
SIGN_OFF = '[sign_off]\nname = "A"\nrole = "B"\ndate = "2026-01-01"\n'
DAY_US = 86_400_000_000


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Thirty units of work that take three days each, one more a day; one model call carries a key."""
    rows = []
    for number in range(30):
        for step in range(4):
            kind = "outcome" if step == 3 else "llm_call"
            at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=number + step)
            row = {"kind": kind, "request_id": f"r{number}", "timestamp": at.isoformat(), "status": "ok"}
            rows.append(row | ({"model_version": "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"} if step == 0 else {}))
    path = tmp_path / "app.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "refunds.toml"
    path.write_text(RECORD)
    return path


def test_a_record_is_held_against_logs_with_numbers_and_trends(record: Path, log: Path) -> None:
    done = advisor("watch", str(record), str(log), "--today", "2026-11-22")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert said.startswith("Refunds [bold]: proposed (nobody has signed it")
    assert "120 rows from 2026-01-01 to 2026-02-02. Model versions seen: " in said
    assert "duration is answered minutes: 30 requests last 3.0 days at the median" in said
    assert "duration of a unit of work: 3.0 days at the median (30 cases); too little to tell a trend" in said
    assert "Contradicted: the logs show the opposite, often enough to count" in said
    assert "sk-proj-abc" not in done.stdout


def test_a_signed_record_that_is_contradicted_ends_in_one(record: Path, log: Path) -> None:
    record.write_text(RECORD + SIGN_OFF)
    assert advisor("watch", str(record), str(log)).returncode == 1


def test_json_is_of_its_shape(record: Path, log: Path) -> None:
    done = advisor("watch", str(record), str(log), "--today", "2026-11-22", "-f", "json")
    said = json.loads(done.stdout)
    assert (said["schema"], said["id"], said["today"], said["rows"]) == (
        "advisor/watch/1",
        "refunds",
        "2026-11-22",
        120,
    )
    first = said["monitors"][0]
    assert (first["subject"], first["verdict"], first["shows"]) == ("duration", "contradicted", "days")
    assert first["measures"][0]["value"] == 3 * DAY_US
    assert first["evidence"][0]["file"].endswith("app.jsonl")
    assert "sk-proj-abc" not in done.stdout
    shown = advisor("watch", str(record), str(log), "--no-redact", "-f", "json").stdout
    assert "sk-proj-abc" in shown


def test_pages_and_markdown_escape_what_they_are_given(record: Path, log: Path) -> None:
    record.write_text(RECORD.replace("[bold]", "<b>*x*"))
    page = advisor("watch", str(record), str(log), "-f", "html").stdout
    assert "<h1>Refunds &lt;b&gt;*x*</h1>" in page
    assert "duration of a unit of work: 3.0 days at the median" in page
    text = advisor("watch", str(record), str(log), "-f", "markdown").stdout
    assert text.startswith("# Refunds \\<b\\>\\*x\\*: proposed")
    assert "## Contradicted: the logs show the opposite, often enough to count" in text


def test_a_record_is_superseded(record: Path, log: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.toml"
    done = advisor("watch", str(record), str(log), "--today", "2026-11-22", "--supersede", str(new))
    assert f"{new}: supersedes {record} as refunds-2; 2 answers changed, the decision: " in done.stderr
    assert done.stderr.endswith("Unsigned: read it, correct it, sign it.\n")
    again = advisor("watch", str(record), str(log), "--supersede", str(tmp_path / "x.toml"))
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == f"{record}: is superseded by refunds-2 already; watch and supersede that record\n"
    assert advisor("watch", str(record), str(log)).stdout.startswith("Refunds [bold]: superseded by refunds-2\n")
    shown = advisor("recommend", str(record))
    assert "Superseded by refunds-2. Unsigned" in shown.stdout
    assert f"{record}: superseded by refunds-2; go by that record" in shown.stderr
    shown = advisor("recommend", str(new))
    assert "Supersedes refunds. Held against 120 rows" in " ".join(shown.stdout.split())
    page = advisor("recommend", str(new), "-f", "html").stdout
    assert "<p>Supersedes refunds. Held against 120 rows" in page
    assert "status: superseded by refunds-2" in advisor("recommend", str(record), "-f", "markdown").stdout
    assert advisor("recommend", str(new), "--against", str(record)).stderr.count("was changed since") == 0
    record.write_text(record.read_text().replace('"minutes"', '"hours"'))
    assert (
        f"{record}: was changed since {new} took its place"
        in advisor("recommend", str(new), "--against", str(record)).stderr
    )


def test_a_lapsed_deferral_is_a_finding(record: Path, log: Path) -> None:
    record.write_text(
        RECORD + '[planes.throttling]\nstatus = "deferred"\nuntil = "2026-11-20"\nreason = "one tenant"\n'
    )
    done = advisor("watch", str(record), str(log), "--today", "2026-11-22")
    assert done.returncode == 1
    assert "Lapsed: Control plane throttling was deferred until 2026-11-20, 2 days ago: one tenant" in " ".join(
        done.stdout.split()
    )
    assert advisor("watch", str(record), str(log), "--today", "2026-11-20").returncode == 0


def test_faults_end_in_two_and_write_nothing(record: Path, log: Path, tmp_path: Path) -> None:
    for arguments in (
        (str(record), str(tmp_path / "none.jsonl")),
        (str(tmp_path / "none.toml"), str(log)),
        (str(record), str(log), "--today", "soon"),
        (str(record), str(log), "--supersede", str(log)),
        (str(record), "postgresql://me@here/db/table"),
    ):
        done = advisor("watch", *arguments)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
