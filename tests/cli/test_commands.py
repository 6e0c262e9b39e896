"""The command line as a user sees it: documents on stdout, remarks on stderr, exit codes, quick starts."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import advisor as package
from advisor.catalog.files import data_room
from tests.cli.run import advisor

WORKLOADS = data_room("knowledge") / "workloads"
RENEWAL = str(WORKLOADS / "contract-renewal.toml")


def test_the_version_is_the_packages() -> None:
    assert advisor("--version").stdout == package.__version__ + "\n"
    assert package.__version__ == version("agent-runtime-advisor")


def test_help_answers_zero_everywhere() -> None:
    for arguments in (
        [],
        ["interview"],
        ["recommend"],
        ["explain"],
        ["catalog"],
        ["catalog", "graph"],
        ["catalog", "check"],
    ):
        done = advisor(*arguments, "--help")
        assert done.returncode == 0
        assert done.stdout.startswith(f"Usage: {' '.join(['advisor', *arguments])}")
        assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_record_goes_to_stdout_and_the_remark_to_stderr() -> None:
    done = advisor("recommend", RENEWAL)
    assert done.returncode == 0
    assert done.stdout.startswith("Contract renewal, 90-day window\n")
    assert done.stderr == f"{RENEWAL}: unsigned; a senior engineer signs the spine off in [sign_off]\n"
    assert advisor("recommend", RENEWAL, "--quiet").stderr == ""


def test_no_colour_in_a_pipe_and_the_width_is_columns() -> None:
    done = advisor("recommend", RENEWAL, COLUMNS="60")
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 60


def test_json_is_one_object_or_a_list_in_argument_order() -> None:
    assert json.loads(advisor("recommend", RENEWAL, "--format", "json").stdout)["id"] == "contract-renewal"
    files = [str(WORKLOADS / f"{name}.toml") for name in ("lead-warming", "billing-assist")]
    both = json.loads(advisor("recommend", *files, "--format", "json").stdout)
    assert [each["id"] for each in both] == ["lead-warming", "billing-assist"]


def test_a_document_can_be_written_to_a_file(tmp_path: Path) -> None:
    out = tmp_path / "record.html"
    done = advisor("recommend", RENEWAL, "--format", "html", "-o", str(out))
    assert (done.returncode, done.stdout) == (0, "")
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir()] == ["record.html"]


def test_one_record_against_another() -> None:
    done = advisor("recommend", str(WORKLOADS / "lead-warming.toml"), "--against", RENEWAL)
    assert done.returncode == 0
    assert "spine  P5 -> P3" in done.stdout
    two = advisor("recommend", RENEWAL, RENEWAL, "--against", RENEWAL)
    assert (two.returncode, two.stdout) == (2, "")


def test_a_reader_that_goes_away_is_no_error() -> None:
    import subprocess

    command = f'"{sys.executable}" -m advisor catalog graph --as json | head -c 10'
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert len(done.stdout) == 10


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--version"], {"typer", "pydantic", "rich", "networkx", "pandas", "questionary", "jinja2"}),
        (["--help"], {"pydantic", "rich.console", "networkx", "pandas", "questionary", "jinja2", "advisor.present"}),
        (["recommend", RENEWAL, "--format", "json"], {"rich.console", "networkx", "pandas", "questionary", "jinja2"}),
        (["recommend", RENEWAL], {"networkx", "pandas", "questionary", "jinja2"}),
    ],
)
def test_nothing_heavy_is_imported_that_is_not_needed(arguments: list[str], absent: set[str]) -> None:
    code = (
        f"import sys; sys.argv[1:] = {arguments!r}\nfrom advisor.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\nprint(*sys.modules, file=sys.stderr)"
    )
    import subprocess

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not absent & set(done.stderr.split())


def test_the_public_api() -> None:
    from advisor.catalog.answers import read_answers

    record = package.recommend(read_answers(Path(RENEWAL)))
    assert record.spine == "P5"
    assert package.explain("P5").entry.id == "P5"
    assert all(callable(getattr(package, name)) for name in package.__all__ if name != "__version__")
    with pytest.raises(AttributeError):
        _ = package.nothing
