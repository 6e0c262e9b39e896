"""Reliability over time: tables that fall, tables that only step, tables that say too little."""

from __future__ import annotations

import csv
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from advisor.diagnosis.reliability import reliability
from advisor.errors import InputError
from advisor.present import FORMATS
from advisor.present.chart import svg
from advisor.present.reliability import render_reliability
from tests.cli.run import advisor

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def table(path: Path, rates: list[float], versions: list[str] | None = None, per_day: int = 60, seed: int = 3) -> Path:
    """One row a trial, `per_day` a day, with the day's rate and version."""
    generator = random.Random(seed)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["task", "version", "trial", "passed", "time"])
        for day, rate in enumerate(rates):
            for at in range(per_day):
                moment = (START + timedelta(days=day, seconds=at)).isoformat()
                version = versions[day] if versions else "v1"
                writer.writerow([f"d{day}-{at}", version, 1, int(generator.random() < rate), moment])
    return path


def test_a_fall_is_found_with_its_size(tmp_path: Path) -> None:
    found = reliability(table(tmp_path / "o.csv", [0.95 - 0.15 * day / 60 for day in range(60)]))
    assert found.verdict == "falling"
    assert found.interval is not None
    assert found.interval[0] < -7.5 < found.interval[1] < 0
    assert found.robust_slope is not None
    assert found.robust_slope < 0
    assert (found.first_day, found.days, found.trials) == ("2026-01-01", 60, 3600)


def test_level_is_level(tmp_path: Path) -> None:
    found = reliability(table(tmp_path / "o.csv", [0.9] * 60))
    assert found.verdict == "level"
    assert found.change is None


def test_a_step_at_a_version_is_no_trend(tmp_path: Path) -> None:
    rates = [0.95] * 30 + [0.85] * 30
    known = reliability(table(tmp_path / "a.csv", rates, ["v1"] * 30 + ["v2"] * 30))
    assert known.verdict == "level"
    (step,) = known.steps
    assert (step.version, step.day) == ("v2", 30)
    assert step.points is not None
    assert step.interval is not None
    assert step.interval[1] < 0
    assert known.change is not None
    assert (known.change.version, abs(known.change.day - 30) <= 1) == ("v2", True)
    hidden = reliability(table(tmp_path / "b.csv", rates))
    assert hidden.change is not None
    assert hidden.change.version is None


def test_a_canary_gets_no_step_and_twins_are_not_separable(tmp_path: Path) -> None:
    versions = ["v1"] * 20 + ["canary"] + ["v1"] * 39
    found = reliability(table(tmp_path / "a.csv", [0.9] * 60, versions))
    assert [step.note for step in found.steps] == ["a canary: no step"]
    path = table(tmp_path / "b.csv", [0.9] * 60, ["v1"] * 30 + ["v2"] * 30)
    rows = path.read_text().splitlines()
    rows[30 * 60 + 2 :] = [row.replace(",v2,", ",v3,") if at % 2 else row for at, row in enumerate(rows[30 * 60 + 2 :])]
    path.write_text("\n".join(rows) + "\n")
    twins = reliability(path)
    assert all("not separable" in str(step.note) for step in twins.steps)


@pytest.mark.parametrize(("days", "per_day"), [(10, 100), (30, 10)])
def test_too_little_is_a_verdict(tmp_path: Path, days: int, per_day: int) -> None:
    found = reliability(table(tmp_path / "o.csv", [0.9] * days, per_day=per_day))
    assert (found.verdict, found.slope, found.change) == ("insufficient", None, None)
    assert any("a slope needs 14 days, 500 trials" in remark for remark in found.remarks)


def test_no_clock_makes_the_trend_endless(tmp_path: Path) -> None:
    path = table(tmp_path / "o.csv", [0.9] * 20)
    wrong = ("0001-01-01", "9999-12-31", "1767225600000", "1e300", "inf", "nan", "infinity")
    path.write_text(path.read_text() + "".join(f"w{at},v1,1,1,{time}\n" for at, time in enumerate(wrong)))
    found = reliability(path)
    assert found.verdict == "insufficient"
    assert (found.first_day, found.trials, found.untimed) == ("0001-01-01", 20 * 60 + 2, 5)
    assert any("some clock is wrong" in remark for remark in found.remarks)


def test_sigma_needs_repeated_inputs(tmp_path: Path) -> None:
    once = reliability(table(tmp_path / "a.csv", [0.9] * 20))
    assert once.sigma is None
    assert any("sigma cannot be estimated" in remark for remark in once.remarks)
    path = tmp_path / "b.csv"
    rows = ["task,version,trial,passed,time"]
    rows += [f"t{t},v,{k},{int(k < 2)},2026-01-{1 + t % 20:02}T00:00:0{k}Z" for t in range(40) for k in range(4)]
    path.write_text("\n".join(rows) + "\n")
    found = reliability(path).sigma
    assert found is not None
    assert found.variance == pytest.approx(2 * 2 / (4 * 3))
    assert found.inputs == 40


def test_infrastructure_and_trials_without_a_time_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_text(
        "task,version,trial,passed,time,error\na,v,1,1,2026-01-01T00:00:00Z,\nb,v,1,0,2026-01-01T00:00:01Z,429\nc,v,1,1,,\n"
    )
    found = reliability(path)
    assert (found.trials, found.untimed, found.rate) == (1, 1, 1.0)
    path.write_text("task,version,trial,passed\na,v,1,1\n")
    with pytest.raises(InputError, match="has no trial with a time"):
        reliability(path)


def test_the_command_in_every_format(tmp_path: Path) -> None:
    nasty = "<b>v2</b>[red]"
    path = table(tmp_path / "o.csv", [0.95 - 0.2 * d / 40 for d in range(40)], ["v1"] * 20 + [nasty] * 20)
    found = reliability(path)
    done = advisor("diagnose", "--outcomes", str(path), COLUMNS="80")
    assert done.returncode == int(found.verdict == "falling")
    assert done.stdout.startswith(f"Reliability: {found.verdict}\n")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert json.loads(render_reliability(found, "json"))["schema"] == "advisor/reliability/1"
    for format in FORMATS:
        text = render_reliability(found, format, width=80)
        assert format in ("json", "terminal") or "<b>v2" not in text.replace("\\<", "")
    drawn = ElementTree.fromstring(svg(found))
    assert sum(each.tag.endswith("circle") for each in drawn.iter()) == 40
    both = advisor("diagnose", str(path), "--outcomes", str(path))
    assert both.returncode == 2
