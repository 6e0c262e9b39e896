"""`--fail-on`, `--only` and the table of exit codes: which code a run ends in, for every command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.cli.exits import EXITS, FailOn, code
from advisor.diagnosis.findings import SEVERITIES, VERDICTS, Diagnosis, Standing
from tests.cli.contention import contended
from tests.cli.run import advisor
from tests.present import diagnoses


def of(verdict: str, severity: str, accepted: bool = False) -> Diagnosis:
    """A diagnosis of one finding."""
    rich = diagnoses.rich()
    stands = Standing(True, "accepted by Ana") if accepted else None
    finding = replace(rich.findings[0], verdict=verdict, severity=severity, standing=stands)  # type: ignore[arg-type]
    return replace(rich, findings=(finding,))


def expected(level: str, verdict: str, severity: str) -> int:
    """The rule, said another way than in the code."""
    if level == "never":
        return 0
    if level in SEVERITIES:
        return int(verdict in ("present", "likely") and SEVERITIES.index(severity) <= SEVERITIES.index(level))  # type: ignore[arg-type]
    counted = {"present": 1, "likely": 2, "insufficient": 2, "possible": 3}[level]
    if VERDICTS.index(verdict) < counted:  # type: ignore[arg-type]
        return 1
    return 3 if level == "insufficient" and verdict in ("insufficient", "not_assessable") else 0


@pytest.mark.parametrize("level", list(FailOn))
def test_each_level_counts_what_it_says(level: FailOn) -> None:
    for verdict in VERDICTS:
        for severity in SEVERITIES:
            assert code(of(verdict, severity), level) == expected(level.value, verdict, severity), (verdict, severity)
            if verdict in ("present", "likely", "possible"):
                assert code(of(verdict, severity, accepted=True), level) == 0


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return contended(tmp_path_factory.mktemp("logs") / "app.jsonl")


@pytest.mark.parametrize(
    ("options", "ends"),
    [
        ([], 1),
        (["--fail-on", "medium"], 1),
        (["--fail-on", "high"], 0),
        (["--fail-on", "never"], 0),
        (["--fail-on", "insufficient"], 1),
        (["--fail-on", "insufficient", "--only", "P5-stale-timer"], 3),
        (["--only", "P5-stale-timer"], 0),
        (["--fail-on", "loud"], 2),
        (["--only", "P5-nothing", "--only", "P5-none"], 2),
    ],
)
def test_a_run_ends_as_it_was_told(log: Path, options: list[str], ends: int) -> None:
    done = advisor("diagnose", str(log), *options)
    assert done.returncode == ends, done.stderr
    if ends == 2:
        assert done.stdout == ""
        assert "Traceback" not in done.stderr


def test_only_the_detectors_that_were_asked_for_run(log: Path) -> None:
    wanted = ["P5-cas-contention", "P5-stale-timer"]
    done = advisor("diagnose", str(log), "--only", wanted[1], "--only", wanted[0], "--format", "json")
    assert [finding["signature"] for finding in json.loads(done.stdout)["findings"]] == wanted
    unknown = advisor("diagnose", str(log), "--only", "P5-nothing", "--only", "x")
    assert unknown.stderr.splitlines() == [
        f"--only {id}: is no detector; advisor catalog lists them" for id in ("P5-nothing", "x")
    ]


def test_help_ends_with_the_exit_codes() -> None:
    said = " ".join(advisor("--help").stdout.split())
    for number, meaning in EXITS.items():
        assert f"{number} {meaning}" in said
