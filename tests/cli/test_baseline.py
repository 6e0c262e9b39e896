"""Accepted findings: they are shown and do not count, and come back when they expire, grow or are about more."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from advisor.diagnosis.findings import Diagnosis, Finding
from advisor.loop.baseline import Accepted, Baseline, hold
from tests.cli.contention import T, contended
from tests.cli.run import advisor
from tests.present import diagnoses

ENTRY = """\
schema = 1
[[accepted]]
signature = "P5-cas-contention"
scope = ["agent=pricing"]
verdict = "present"
severity = "medium"
owner = "Ana"
reason = "the queue ships in March"
expires = 2027-03-31
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return contended(tmp_path / "app.jsonl")


@pytest.fixture
def accepted(tmp_path: Path) -> Path:
    path = tmp_path / "accepted.toml"
    path.write_text(ENTRY)
    return path


def run(log: Path, baseline: Path, *more: str, today: str = "2027-01-01") -> Any:
    return advisor(
        "diagnose", str(log), "--only", "P5-cas-contention", "--baseline", str(baseline), "--today", today, *more
    )


def fingerprint(*logs: Path) -> str:
    done = advisor("diagnose", *map(str, logs), "--only", "P5-cas-contention", "--format", "json")
    (finding,) = json.loads(done.stdout)["findings"]
    assert finding["verdict"] == "present"
    return str(finding["fingerprint"])


def test_a_fingerprint_survives_more_rows_and_a_moved_file_and_not_another_agent(log: Path, tmp_path: Path) -> None:
    before = fingerprint(log)
    (tmp_path / "moved").mkdir()
    moved = log.rename(tmp_path / "moved" / "other-name.log")
    more = contended(tmp_path / "more.jsonl", start=T + 90_000, slow=30)
    assert fingerprint(moved) == before
    assert fingerprint(moved, more) == before
    assert fingerprint(contended(tmp_path / "other.jsonl", agent="billing")) != before


def test_every_format_that_machines_read_carries_the_fingerprint(log: Path) -> None:
    known = fingerprint(log)
    sarif, junit = (
        advisor("diagnose", str(log), "--only", "P5-cas-contention", "--format", name).stdout
        for name in ("sarif", "junit")
    )
    assert json.loads(sarif)["runs"][0]["results"][0]["partialFingerprints"] == {"advisorFinding/v1": known}
    assert f"Fingerprint: {known}" in junit


def test_what_is_accepted_is_shown_with_who_why_and_until_and_does_not_fail(log: Path, accepted: Path) -> None:
    assert run(log, accepted, today="2027-01-01").returncode == 0
    said = "Accepted by Ana until 2027-03-31: the queue ships in March"
    shown = run(log, accepted)
    assert said in shown.stdout
    assert "1 accepted." in shown.stdout
    for format in ("markdown", "html"):
        assert said in run(log, accepted, "--format", format).stdout
    result = json.loads(run(log, accepted, "--format", "sarif").stdout)["runs"][0]["results"][0]
    assert result["suppressions"] == [{"kind": "external", "status": "accepted", "justification": said}]
    suite = ElementTree.fromstring(run(log, accepted, "--format", "junit").stdout)
    assert (suite.get("failures"), said in suite.find(".//skipped").get("message")) == ("0", True)  # type: ignore[union-attr]
    document = json.loads(run(log, accepted, "--format", "json").stdout)
    assert document["findings"][0]["standing"] == {"accepted": True, "said": said[0].lower() + said[1:]}
    assert document["baseline_unused"] == []


def test_it_lasts_through_its_last_day_and_comes_back_on_the_next(log: Path, accepted: Path) -> None:
    assert run(log, accepted, today="2027-03-31").returncode == 0
    late = run(log, accepted, today="2027-04-01")
    assert late.returncode == 1
    assert "No longer accepted: accepted by Ana until 2027-03-31, which has passed" in late.stdout


def test_it_comes_back_where_it_is_about_another_agent_too(tmp_path: Path, accepted: Path) -> None:
    contended(tmp_path / "app.jsonl")
    both = contended(tmp_path / "more.jsonl", agent="billing", start=T + 90_000, many=40, slow=1, tries=8)
    done = advisor(
        "diagnose", str(tmp_path / "app.jsonl"), str(both), "--baseline", str(accepted), "--today", "2027-01-01"
    )
    assert done.returncode == 1
    assert "and is about agent=billing too" in done.stdout


def one(**changed: Any) -> Diagnosis:
    """A diagnosis of one finding."""
    found = next(f for f in diagnoses.rich().findings if f.signature == "P5-cas-contention")
    return replace(diagnoses.rich(), findings=(replace(found, scope=("agent=pricing",), **changed),))


def standing(finding: Diagnosis, *entries: dict[str, Any]) -> tuple[bool, str, tuple[str, ...]]:
    given = {
        "signature": "P5-cas-contention",
        "scope": ("agent=pricing",),
        "verdict": "likely",
        "severity": "low",
        "owner": "Ana",
        "reason": "known",
        "expires": dt.date(2027, 3, 31),
    }
    baseline = Baseline(schema=1, accepted=tuple(Accepted.model_validate({**given, **e}) for e in entries or ({},)))
    held = hold(finding, baseline, dt.date(2027, 1, 1))
    of: Finding = held.findings[0]
    return of.accepted, of.standing.said if of.standing else "", held.unused or ()


@pytest.mark.parametrize(
    ("verdict", "severity", "accepted", "said"),
    [
        ("likely", "low", True, "known"),
        ("possible", "low", True, "known"),
        ("present", "low", False, "as likely, and is present now"),
        ("likely", "medium", False, "as low, and is medium now"),
    ],
)
def test_a_finding_that_grew_louder_than_was_accepted_comes_back(
    verdict: str, severity: str, accepted: bool, said: str
) -> None:
    was, why, _ = standing(one(verdict=verdict, severity=severity))
    assert was is accepted
    assert said in why


def test_a_finding_that_became_clearly_more_frequent_comes_back() -> None:
    found = one(verdict="likely", severity="low", count=30, of=300, rate=0.1, interval=(0.07, 0.14))
    assert standing(found, {"rate": 0.08})[0] is True
    assert standing(found, {"rate": 0.05})[1].endswith("for 5.0 % of operations, and is in at least 7.0 % now")


def test_a_scope_covers_what_it_names_and_a_star_anything() -> None:
    quiet = {"verdict": "likely", "severity": "low"}
    both = replace(one(**quiet), findings=(replace(one(**quiet).findings[0], scope=("agent=a", "agent=b")),))
    nothing = replace(one(**quiet), findings=(replace(one(**quiet).findings[0], scope=()),))
    assert standing(both, {"scope": ("agent=a",)})[0] is False
    assert standing(both, {"scope": ("agent=a",)}, {"scope": ("agent=b",), "owner": "Bo"})[0] is True
    assert standing(both, {"scope": ("*",)})[0] is True
    assert standing(both, {"scope": ()})[0] is False
    assert standing(nothing, {"scope": ("agent=a",)})[0] is False
    assert standing(nothing, {"scope": ()})[0] is True


def test_an_entry_that_accepts_nothing_is_reported_and_told_from_one_that_could_not_be_checked() -> None:
    assert standing(one(verdict="absent"))[2] == (
        "P5-cas-contention (agent=pricing), accepted by Ana: is not found any more; delete the entry",
    )
    assert "could not be checked in these logs" in standing(one(verdict="not_assessable"))[2][0]
    assert "is not about these any more" in standing(one(), {"scope": ("agent=gone",)})[2][0]
    assert standing(one())[2] == ()


def test_an_unused_entry_is_said_on_every_page_and_changes_no_exit_code(tmp_path: Path, accepted: Path) -> None:
    calm = contended(tmp_path / "calm.jsonl", slow=0)
    done = run(calm, accepted)
    assert done.returncode == 0
    said = "P5-cas-contention (agent=pricing), accepted by Ana: is not found any more; delete the entry"
    assert " ".join(done.stdout.split()).count(said) >= 1
    assert json.loads(run(calm, accepted, "--format", "json").stdout)["baseline_unused"] == [said]
    assert said in run(calm, accepted, "--format", "html").stdout


def test_a_proposal_must_be_filled_in_before_it_is_accepted(log: Path, tmp_path: Path) -> None:
    path = tmp_path / "new.toml"
    done = advisor("diagnose", str(log), "--write-baseline", str(path), "--today", "2027-01-01")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"{path}: 1 entry to fill in (owner, reason, expires)\n"
    assert 'scope = ["agent=pricing"]' in path.read_text()
    assert "expires = 2027-04-01" in path.read_text()
    refused = run(log, path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert [line.partition("; ")[0] for line in refused.stderr.splitlines()] == [
        f"{path}: accepted.0.{name}: is not filled in (found '')" for name in ("owner", "reason")
    ]
    path.write_text(path.read_text().replace('owner = ""', 'owner = "Ana"').replace('reason = ""', 'reason = "known"'))
    assert run(log, path).returncode == 0


def test_a_second_proposal_keeps_what_is_there_and_adds_what_is_new(accepted: Path, tmp_path: Path) -> None:
    other = contended(tmp_path / "other.jsonl", agent="billing")
    again = ["diagnose", str(other), "--write-baseline", str(accepted), "--today", "2027-01-01"]
    assert "1 entry to fill in" in advisor(*again).stderr
    assert accepted.read_text().startswith(ENTRY)
    assert accepted.read_text().count("[[accepted]]") == 2
    assert 'scope = ["agent=billing"]' in accepted.read_text()


def test_every_fault_of_a_baseline_is_said_at_once(log: Path, accepted: Path) -> None:
    accepted.write_text(
        ENTRY.replace("P5-cas-contention", "P9-nothing")
        + '[[accepted]]\nsignature = "P5-stale-timer"\nscope = []\nverdict = "absent"\nseverity = "low"\nwho = "Bo"\n'
    )
    done = run(log, accepted)
    assert done.returncode == 2
    assert {line.split(": ")[1] for line in done.stderr.splitlines()} == {
        f"accepted.1.{name}" for name in ("verdict", "owner", "reason", "expires", "who")
    }
    accepted.write_text(ENTRY.replace("P5-cas-contention", "P9-nothing"))
    assert "P9-nothing is no signature; advisor catalog lists them" in run(log, accepted).stderr
