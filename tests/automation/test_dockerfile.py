"""The Dockerfile, as far as it can be tested without Docker: its context, its commands in a folder, and who runs it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text(encoding="utf-8")).splitlines()
INSTRUCTIONS = [line.split(" ", 1) for line in LINES if line and not line.startswith("#")]
SOURCES = [
    source
    for name, rest in INSTRUCTIONS
    if name == "COPY" and not rest.startswith("--from")
    for source in rest.split()[:-1]
]


def test_what_is_copied_is_there_and_the_ignore_file_lets_it_through_and_nothing_else() -> None:
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(SOURCES) == let_through
    assert all((ROOT / source).exists() for source in SOURCES)


def test_it_ends_as_a_user_without_rights_who_runs_the_tool() -> None:
    names = [name for name, _ in INSTRUCTIONS]
    assert names.count("FROM") == 2
    last = {each[0]: each[1] for each in INSTRUCTIONS}
    assert (last["USER"], last["ENTRYPOINT"]) == ("10001", '["advisor"]')
    assert names.index("USER") > max(at for at, name in enumerate(names) if name == "RUN")
    assert "--uid 10001" in next(rest for name, rest in INSTRUCTIONS if "useradd" in rest)


@pytest.mark.slow
def test_its_commands_build_a_wheel_from_the_context_and_install_it(tmp_path: Path) -> None:
    context, wheels, home = tmp_path / "src", tmp_path / "wheels", tmp_path / "env"
    context.mkdir()
    for source in SOURCES:
        of = ROOT / source
        shutil.copytree(of, context / source) if of.is_dir() else shutil.copy(of, context / source)
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    build, install = (rest for name, rest in INSTRUCTIONS if name == "RUN")
    for command in (build, install.partition(" && rm ")[0]):
        here = command.replace("/wheels", str(wheels))
        path = f"{home / 'bin'}:/usr/bin:/bin"
        done = subprocess.run(
            ["bash", "-c", here], cwd=context, env={"PATH": path}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    done = subprocess.run(
        [home / "bin" / "advisor", "catalog"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and "P6" in done.stdout
