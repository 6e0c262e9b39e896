"""The reference application: a slice of the customers in every run, the published table in the slow target."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


def simulate(folder: Path, *arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "TELEMETRY_FILE")}
    done = subprocess.run(
        [sys.executable, "-m", "starters.reference", str(folder), *arguments],
        env=kept, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def shares(text: str) -> dict[str, tuple[float, float]]:
    rows = re.findall(r"^([a-z ]+?) +\d+ +([\d.]+)% +\d+ +([\d.]+)%$", text, re.M)
    return {name: (float(found), float(implied)) for name, found, implied in rows}


def test_a_slice_of_customers_walks_through_ninety_days(tmp_path: Path) -> None:
    text = simulate(tmp_path / "x", "--customers", "40")
    found = shares(text)
    assert set(found) == {"renewed", "renewed with offer", "restructured", "churned", "escalated"}
    assert abs(sum(share for share, _ in found.values()) - 100) < 0.5
    assert "audit chain unbroken" in text
    assert (tmp_path / "x" / "simulation" / "console" / "index.html").exists()


@pytest.mark.slow
def test_the_same_customers_end_alike_each_time(tmp_path: Path) -> None:
    one, two = (shares(simulate(tmp_path / name, "--customers", "25")) for name in ("one", "two"))
    assert one == two


@pytest.mark.slow
def test_every_customer_ends_close_to_what_the_data_implies(tmp_path: Path) -> None:
    """Set TELCO_CSV to the published table; without it the generated sample of the same size walks."""
    path = os.environ.get("TELCO_CSV")
    text = simulate(tmp_path / "x", *(["--data", path] if path else []))
    found = shares(text)
    assert text.startswith("7043 customers") or path
    assert all(abs(share - implied) < 5 for share, implied in found.values()), found
    assert "audit chain unbroken" in text and "unfinished" not in text
