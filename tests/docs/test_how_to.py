"""The how-tos: their examples are installed and run as the pages say, and show what the pages show."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.sessions import follow, steps

DOCS = Path(__file__).resolve().parents[2] / "docs"
EXAMPLES = DOCS / "examples"
GOLDEN = EXAMPLES / "diagnosed.json"
NAMES = ("langgraph", "openai-agents", "crewai", "temporal", "dbos")
ALARMS = ("present", "likely")


def _page(name: str) -> str:
    return (DOCS / "how-to" / f"{name}.md").read_text(encoding="utf-8")


def _lines(code: str) -> str:
    return "\n".join(line.strip() for line in code.strip().splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_every_excerpt_stands_in_the_example(name: str) -> None:
    code = "\n".join(_lines(path.read_text(encoding="utf-8")) for path in sorted((EXAMPLES / name).glob("*.py")))
    excerpts = re.findall(r"^```python\n(.*?)^```$", _page(name), re.M | re.S)
    assert len(excerpts) > 2
    assert [one for one in excerpts if _lines(one) not in code] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_page_shows_a_log_before_one_after_and_one_with_a_fault(name: str) -> None:
    commands = [step.command for step in steps(_page(name))]
    for log, option in (("before", " --plain"), ("after", ""), ("fault", " --fault ")):
        assert any(re.search(rf"app\.py {log}\S*{option}", command) for command in commands), log
        assert any(re.match(rf"advisor diagnose {log}", command) for command in commands), log


def test_before_much_is_not_assessable_and_after_all_is() -> None:
    runs = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert set(runs) == set(NAMES)
    for name, run in runs.items():
        assert sum(one["grade"] == "none" for one in run["before"].values()) > 20, name
        assert [id for id, one in run["after"].items() if one["missing"]] == [], name
        assert run["alarms"]["before"] == run["alarms"]["after"] == [], name
        assert re.search(r"--fault (\S+)", _page(name)).group(1) in " ".join(run["alarms"]["fault"])  # type: ignore[union-attr]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_an_example_runs_as_its_page_shows(name: str, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__", ".venv"))
    folder = tmp_path / "examples" / name
    wrong = follow(DOCS / "how-to" / f"{name}.md", folder)
    assert not wrong, "\n\n".join(wrong)
    run = _diagnosed(folder)
    runs = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}
    if os.environ.get("REWRITE_GOLDEN"):
        GOLDEN.write_text(json.dumps({**runs, name: run}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    else:
        assert run == runs[name]


def _diagnosed(folder: Path) -> dict[str, Any]:
    """What three logs of an example allowed, and which alarms each raised."""
    found: dict[str, Any] = {"alarms": {}}
    for when in ("before", "after", "fault"):
        (log,) = (path for path in folder.iterdir() if path.stem == when)
        command = [sys.executable, "-m", "advisor", "diagnose", str(log), "--format", "json", "--fail-on", "never"]
        told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        found["alarms"][when] = sorted(f["signature"] for f in told["findings"] if f["verdict"] in ALARMS)
        if when != "fault":
            found[when] = {
                id: {"grade": one["grade"], "missing": list(one["missing"])}
                for id, one in told["assessability"].items()
            }
    return found
