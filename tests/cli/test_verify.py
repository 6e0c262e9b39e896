"""`advisor diagnose --bundle` and `advisor verify`: what is sealed, what is said of it, and how each run ends."""

from __future__ import annotations

import json
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from advisor.catalog.files import data_room
from tests.cli.contention import contended
from tests.cli.run import advisor

ANSWERS = data_room("knowledge") / "workloads" / "contract-renewal.toml"
MAPPING = 'schema = 1\n[facts]\nwriting_tools = ["charge_card"]\n'
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def sealed(log: Path, bundle: Path, *more: str) -> tuple[str, str]:
    """Seals a diagnosis; the head that was printed, and all of stderr."""
    done = advisor("diagnose", str(log), "--today", "2026-11-22", "--bundle", str(bundle), *more)
    assert done.returncode == 1, done.stderr
    return done.stderr.split("head ")[1].split()[0], done.stderr


def members(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return contended(tmp_path / "app.jsonl", agent=f"pricing ana@example.com {TOKEN}")


def test_a_bundle_has_the_report_its_rows_and_what_they_rest_on(log: Path, tmp_path: Path) -> None:
    bundle, mapping = tmp_path / "evidence.zip", tmp_path / "mapping.toml"
    mapping.write_text("schema = 1\n")
    more = ("--record", str(ANSWERS), "--mapping", str(mapping), "--set", "P5-cas-contention.p99-retries=4")
    head, said = sealed(log, bundle, *more)
    assert f"advisor verify {bundle} --head {head}" in said
    held = members(bundle)
    assert list(held) == [
        "manifest.json",
        "report.json",
        "report.html",
        "rows.jsonl",
        "thresholds.json",
        "record.json",
        "answers.toml",
        "mapping.toml",
    ]
    assert held["answers.toml"] == ANSWERS.read_bytes()
    assert json.loads(held["record.json"])["schema"] == "advisor/record/1"
    report = json.loads(held["report.json"])
    assert report["record"]["schema"] == "advisor/record-check/1"
    assert held["report.html"].startswith(b"<!doctype html>")
    rows = [json.loads(line) for line in held["rows.jsonl"].splitlines()]
    cited = [(f["signature"], e["text"]) for f in report["findings"] for e in (*f["evidence"], *f["cause_evidence"])]
    assert [(row["signature"], row["text"]) for row in rows] == cited
    assert cited
    thresholds = json.loads(held["thresholds.json"])["P5-cas-contention"]
    assert thresholds["in_force"]["p99-retries"] == 4
    assert thresholds["set_by_user"] == ["p99-retries"]
    about = json.loads(held["manifest.json"])["about"]
    assert about["date"] == "2026-11-22"
    assert about["inputs"] == [
        {"name": str(log), "size": log.stat().st_size, "sha256": sha256(log.read_bytes()).hexdigest()}
    ]
    assert {"advisor", "knowledge", "python", "duckdb"} <= set(about)


def test_secrets_are_masked_and_the_bytes_are_the_same_from_run_to_run(log: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"
    heads = {sealed(log, bundle, "--only", "P5-cas-contention")[0] for bundle in (first, second)}
    assert len(heads) == 1
    assert first.read_bytes() == second.read_bytes()
    for secret in (b"ana@example.com", TOKEN.encode()):
        assert secret in log.read_bytes()
        assert secret not in first.read_bytes()
    assert b"[email:0" in members(first)["rows.jsonl"]
    assert json.loads(members(first)["manifest.json"])["about"]["redacted"] is True


def test_original_lines_are_in_it_only_if_nothing_is_masked_and_the_manifest_says_so(log: Path, tmp_path: Path) -> None:
    masked, plain = tmp_path / "masked.zip", tmp_path / "plain.zip"
    sealed(log, masked)
    sealed(log, plain, "--no-redact")
    assert b'"original"' not in members(masked)["rows.jsonl"]
    lines = log.read_text().splitlines()
    for row in map(json.loads, members(plain)["rows.jsonl"].splitlines()):
        assert row["original"] == lines[row["line"] - 1]
    about = json.loads(members(plain)["manifest.json"])["about"]
    assert about["redacted"] is False
    assert any("original lines" in each for each in about["remarks"])


def test_verify_says_intact_and_what_that_does_not_prove(log: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "evidence.zip"
    head, _ = sealed(log, bundle, "--only", "P5-cas-contention")
    done = advisor("verify", str(bundle))
    assert done.returncode == 0
    assert done.stdout.startswith(f"{bundle}: intact; 4 members of 2026-11-22, with secrets masked\nhead {head}\n")
    assert "rebuilt from other contents would look the same" in done.stdout
    done = advisor("verify", str(bundle), "--head", head)
    assert done.returncode == 0
    assert "It is the one whose head was recorded" in done.stdout


def test_verify_ends_in_1_where_a_byte_changed_and_in_2_where_there_is_no_bundle(log: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "evidence.zip"
    head, _ = sealed(log, bundle, "--only", "P5-cas-contention")
    data = bundle.read_bytes()
    assert data.count(b"P5-cas-contention") > 1
    bundle.write_bytes(data.replace(b"P5-cas-contention", b"P6-cas-contention"))
    done = advisor("verify", str(bundle), "--head", head)
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == (
        f"{bundle}: report.json: was changed; its SHA-256 is not the one in manifest.json"
    )
    found = json.loads(advisor("verify", str(bundle), "--format", "json").stdout)
    assert (found["schema"], found["intact"]) == ("advisor/verification/1", False)
    done = advisor("verify", str(log))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{log}: is no evidence bundle; name a file that advisor diagnose --bundle wrote\n"


def test_a_bundle_refuses_what_it_cannot_hash_or_does_not_seal(log: Path, tmp_path: Path) -> None:
    bundle = str(tmp_path / "evidence.zip")
    for arguments, said in (
        (("-",), "--bundle with -: seals files only"),
        ((str(log), "--init-mapping"), "advisor diagnose --bundle: seals no --init-mapping"),
    ):
        done = advisor("diagnose", *arguments, "--bundle", bundle)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
    assert not Path(bundle).exists()
