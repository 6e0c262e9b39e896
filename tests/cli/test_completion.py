"""Shell completion, asked for as bash asks: commands, options, levels, and ids from the knowledge base."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.catalog.ids import ids, kinds
from advisor.catalog.load import ROOMS, shipped
from tests.cli.run import advisor


def completed(line: str) -> list[str]:
    """What bash would offer for the last word of a line (which may be empty)."""
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1), "_ADVISOR_COMPLETE": "complete_bash"}
    done = advisor(**words)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_ids_are_read_off_the_files_and_are_those_of_the_knowledge_base() -> None:
    assert ids() == sorted({name for _, name, _ in shipped().entries()})
    assert ids("signatures", "weaknesses") == sorted([*shipped().signatures, *shipped().weaknesses])
    assert kinds() == sorted(ROOMS)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("advisor exp", ["explain"]),
        ("advisor explain P5-c", ["P5-cas-contention"]),
        ("advisor explain P5-nothing", []),
        ("advisor diagnose --only SDB-no-v", [each for each in ids("weaknesses") if each.startswith("SDB-no-v")]),
        ("advisor diagnose --only P5", [each for each in ids("signatures") if each.startswith("P5")]),
        ("advisor diagnose --fail-on c", ["critical"]),
        ("advisor diagnose --no-c", ["--no-config", "--no-color"]),
        ("advisor catalog --kind w", ["weaknesses", "workloads"]),
        ("advisor catalog g", ["graph"]),
        ("advisor watch --con", ["--config"]),
    ],
)
def test_what_tab_offers(line: str, offered: list[str]) -> None:
    assert completed(line) == offered


def test_every_id_is_offered_where_nothing_was_typed() -> None:
    assert completed("advisor explain ") == ids()
    assert "contract-renewal" in completed("advisor explain ")
    assert "contract-renewal" not in completed("advisor diagnose --only ")


def test_a_broken_settings_file_is_no_matter_while_completing(tmp_path: Path) -> None:
    (tmp_path / "advisor.toml").write_text("broken\n")
    done = subprocess.run(
        [sys.executable, "-m", "advisor"],
        cwd=tmp_path,
        env=os.environ
        | {"COMP_WORDS": "advisor diagnose --fail-on n", "COMP_CWORD": "3", "_ADVISOR_COMPLETE": "complete_bash"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "never\n", "")


@pytest.mark.parametrize("line", ["advisor explain P5", "advisor diagnose --only P5", "advisor catalog --kind p"])
def test_completing_reads_no_entry_and_loads_nothing_heavy(line: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "advisor"],
        env=os.environ | {"COMP_WORDS": line, "COMP_CWORD": "2", "_ADVISOR_COMPLETE": "complete_bash"},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {each.rpartition("|")[2].strip() for each in done.stderr.splitlines()}
    assert "advisor.cli.app" in loaded
    assert not loaded & {"advisor.catalog.load", "duckdb", "jinja2", "networkx", "pandas", "rich", "scipy"}


def bash(script: str, home: Path) -> str:
    scripts = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        env=os.environ | {"HOME": str(home), "PATH": scripts},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


PRESS = """
COMP_WORDS=(advisor explain P6-i); COMP_CWORD=2
complete -p advisor
_advisor_completion advisor P6-i explain
printf '%s\\n' "${COMPREPLY[@]}"
"""
OFFERED = "complete -o default -F _advisor_completion advisor\nP6-ignored-kill\n"


def test_bash_completes_with_what_show_completion_prints(tmp_path: Path) -> None:
    assert bash(f'eval "$(advisor --show-completion)"\n{PRESS}', tmp_path) == OFFERED


def test_bash_completes_after_install_completion(tmp_path: Path) -> None:
    assert "bash completion installed in" in bash("advisor --install-completion; true", tmp_path)
    assert bash(f". {tmp_path}/.bashrc\n{PRESS}", tmp_path) == OFFERED
