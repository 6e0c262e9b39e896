from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from advisor.diagnosis.reliability import Reliability, reliability
from advisor.errors import InputError
from advisor.present.chart import save_chart


@pytest.fixture(scope="module")
def falling(tmp_path_factory: pytest.TempPathFactory) -> Reliability:
    rng = random.Random(4)
    rows = ["task,version,trial,passed,time"]
    for day in range(40):
        for number in range(40):
            version = "v1" if day < 20 else "v2"
            passed = int(rng.random() < 0.95 - 0.006 * day)
            rows.append(
                f"t{number},{version},{day}-{number},{passed},{date(2026, 4, 1) + timedelta(days=day)}T12:00:00Z"
            )
    path = tmp_path_factory.mktemp("outcomes") / "outcomes.csv"
    path.write_text("\n".join(rows))
    return reliability(path)


def test_a_chart_is_saved_as_svg_and_as_png(falling: Reliability, tmp_path: Path) -> None:
    save_chart(falling, tmp_path / "chart.svg")
    assert (tmp_path / "chart.svg").read_text().startswith("<svg")
    save_chart(falling, tmp_path / "chart.png")
    body = (tmp_path / "chart.png").read_bytes()
    assert body.startswith(b"\x89PNG")
    assert int.from_bytes(body[16:20], "big") == 1920


def test_another_ending_is_one_line_with_the_mend(falling: Reliability, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is neither .svg nor .png; end the chart's name in one of them"):
        save_chart(falling, tmp_path / "chart.gif")
