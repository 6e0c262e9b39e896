"""A diagnosis in every format: whole documents against golden ones (`REWRITE_GOLDEN=1`), and what must hold of each."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pyte
import pytest
from markdown_it import MarkdownIt
from rich.cells import cell_len

from advisor import __version__
from advisor.present.diagnosis import FORMATS, render_diagnosis
from advisor.present.diagnosis.terminal import SCREEN
from tests.diagnosis.signatures.test_cas_contention import operations
from tests.present import diagnoses

GOLDEN = Path(__file__).parent / "golden"
SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
SUFFIX = {"terminal": "txt", "markdown": "md", "html": "html", "json": "json", "sarif": "sarif", "junit": "xml"}
EVERY = {"rich": diagnoses.rich, "quiet": diagnoses.quiet, "hostile": diagnoses.hostile}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ["rich", "quiet"])
def test_the_document(name: str, format: str) -> None:
    text = render_diagnosis(EVERY[name](), format, width=80)
    if format == "sarif":
        text = text.replace(f'"{__version__}"', '"VERSION"')
    path = GOLDEN / f"diagnosis-{name}.{SUFFIX[format]}"
    if os.environ.get("REWRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{path.name} differs; look, then REWRITE_GOLDEN=1"


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", EVERY)
def test_silence_is_never_called_good(name: str, format: str) -> None:
    text = render_diagnosis(EVERY[name](), format, width=80)
    assert not re.search(r"(?i)\b(healthy|all good|no problems?|no issues?|clean bill)\b", text)


def test_nothing_found_names_what_was_excluded_and_what_could_not_be_checked() -> None:
    found = diagnoses.quiet()
    for format in ("terminal", "markdown", "html"):
        text = " ".join(render_diagnosis(found, format, width=80).split("Details")[0].split())
        assert "excludes only what the log could show" in text
        assert text.replace("<title>Diagnosis: Nothing was found", "").count("Nothing was found") == 1
        for part, verdict in (
            ("Excluded", "absent"),
            ("Not decided, too few rows", "insufficient"),
            ("Not checked, columns missing", "not_assessable"),
        ):
            ids = [each.signature for each in found.findings if each.verdict == verdict]
            after = text[text.index(part) :]
            assert ids
            assert all(id in after for id in ids)


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", EVERY)
def test_the_summary_is_one_screen_and_keeps_to_its_width(name: str, width: int) -> None:
    lines = render_diagnosis(EVERY[name](), "terminal", width=width).splitlines()
    assert max(map(len, lines)) <= width
    rule = next(at for at, line in enumerate(lines) if line.startswith("─"))
    assert rule - 1 <= SCREEN


def test_the_first_screen_says_what_was_read_found_left_and_to_log() -> None:
    screen = pyte.Screen(80, 24)
    pyte.Stream(screen).feed(
        "\r\n".join(render_diagnosis(diagnoses.rich(), "terminal", width=80, color=True).splitlines()[:SCREEN])
    )
    assert screen.display[0].startswith("Read 2 files (json_lines, otlp_json), 1 skipped: 12,431 rows (2 bad)")
    text = "\n".join(line.rstrip() for line in screen.display)
    order = [
        "CRITICAL Ignored kill switch, present (P6-ignored-kill)",
        "see logs/agent.jsonl:1203",
        "HIGH Dirty compensation, present",
        "MEDIUM CAS contention, likely",
        "LOW Approval starvation, possible",
        "2 present, 1 likely, 1 possible. 1 refuted, 3 absent, 1 insufficient, 4 not",
        "Log next: ",
    ]
    assert sorted(order, key=text.index) == order
    assert text.count("\n  fix ") == 4


@pytest.mark.parametrize("many", [1, 2, 8, 30])
def test_however_many_findings_there_are_the_worst_come_first_and_none_is_dropped_unsaid(many: int) -> None:
    one = diagnoses.rich().findings[0]
    findings = tuple(replace(one, signature=f"P6-number-{at}") for at in range(many))
    lines = render_diagnosis(replace(diagnoses.rich(), findings=findings), "terminal", width=80).splitlines()
    summary = lines[: next(at for at, line in enumerate(lines) if line.startswith("─"))]
    shown = [line for line in summary if line.startswith("CRITICAL")]
    more = re.findall(r"^and (\d+) more, below$", "\n".join(summary), re.M)
    assert len(summary) - 1 <= SCREEN
    assert len(shown) + sum(map(int, more)) == many
    assert any("fix" in line for line in summary) == (many < 12)


@pytest.mark.parametrize("format", ["terminal", "markdown", "html"])
def test_what_the_log_can_show_stands_before_the_details_of_any_finding(format: str) -> None:
    text = render_diagnosis(diagnoses.rich(), format, width=100)
    assert text.index("What this log can show") < text.index("boundary part")
    for part in (
        "nothing in the log speaks for it",  # no cause seen
        "11 of 15 have a model call",  # cause seen
        "Every child succeeded later",  # refuted, and why
        "Cleanup rows were left out",  # a trap that was checked
        "Clean-up after the end",  # a trap to think of
        "Rows that show the same without any harm",  # the refuter
        "p99-retries = 2 (set by you)",
        "grade C (inferred, or a proxy)",
        "1.25 s",  # a table's duration
    ):
        assert part in " ".join(text.replace("\\", "").split())


def test_colour_is_only_decoration() -> None:
    plain = render_diagnosis(diagnoses.rich(), "terminal", width=80)
    colored = render_diagnosis(diagnoses.rich(), "terminal", width=80, color=True)
    assert "\x1b[" in colored
    assert [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", colored).splitlines()] == plain.splitlines()


@pytest.mark.parametrize("name", EVERY)
def test_json_has_the_contracts_shape(name: str) -> None:
    document = json.loads(render_diagnosis(EVERY[name](), "json"))
    jsonschema.validate(document, json.loads((SCHEMAS / "diagnosis-1.json").read_text(encoding="utf-8")))
    assert document["schema"] == "advisor/diagnosis/1"
    assert {"inventory", "assessability", "findings", "versions", "lenses", "log_next"} <= set(document)
    inventory = {"files", "rows", "bad_rows", "requests", "coverage", "guessed_kinds"}
    assert inventory <= set(document["inventory"])
    assert {"path", "format", "rows", "bad_rows", "skipped_reason"} <= set(document["inventory"]["files"][0])
    wanted = """signature pattern sdb_part verdict severity confidence count rate interval evidence cause correction
        refuted_by traps""".split()
    for finding in document["findings"]:
        assert set(wanted) <= set(finding)
        for row in finding["evidence"]:
            assert {"file", "line", "event_id", "text"} <= set(row)
    assert {each["signature"] for each in document["findings"]} == set(document["assessability"])
    assert all(isinstance(column, str) for column in document["log_next"])


def test_rows_that_came_from_no_file_are_handed_over_too() -> None:
    from advisor.catalog.load import shipped
    from advisor.diagnosis.detector import Facts
    from advisor.diagnosis.diagnose import run
    from advisor.traces.table import table_of

    id = "P5-cas-contention"
    table = table_of(operations(500, 15, model_version="m-1"))
    found = run(table, shipped(), facts=Facts(), overrides={f"{id}.p99-retries": 4}, only=[id])
    for format in FORMATS:
        text = render_diagnosis(found, format, width=100)
        assert "15 of 500 operations retried more than 4 times" in text.replace("\\", "")
    assert "Read a table of events." in render_diagnosis(found, "terminal")
    assert json.loads(render_diagnosis(found, "json"))["versions"][0]["version"] == "m-1"


@pytest.mark.parametrize("name", EVERY)
def test_markdown_holds_no_html_and_its_tables_are_even(name: str) -> None:
    text = render_diagnosis(EVERY[name](), "markdown")
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    assert not any(t.type in ("html_block", "html_inline") for t in tokens)
    assert not any(child.type in ("html_inline", "link_open", "image") for t in tokens for child in t.children or [])
    tables = re.findall(r"(?:^\|.*\n)+", text, re.M)
    assert sum(t.type == "table_open" for t in tokens) == len(tables) >= 3
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_a_long_path_keeps_its_file_and_line_and_many_formats_are_counted() -> None:
    one = diagnoses.rich().findings[0]
    cited = replace(one.evidence[0], file="/".join(["folder"] * 30) + "/run.jsonl", line=4711)
    files = [{"path": f"{n}.log", "format": f"format_{n}", "rows": 1, "bad_rows": 0} for n in range(9)]
    inventory = {**diagnoses.INVENTORY, "files": files}
    found = replace(diagnoses.rich(), findings=(replace(one, evidence=(cited,)),), inventory=inventory)
    text = render_diagnosis(found, "terminal", width=80)
    assert "run.jsonl:4711 cancel_request" in text.split("Details")[0]
    assert text.startswith("Read 9 files (format_0, format_1, format_2 and 6 more): 12,431 rows")


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize(
    "file",
    [
        "/".join(["folder"] * 30) + "/run.jsonl",
        "/srv/" + "a-file-with-a-very-long-name-" * 5 + ".jsonl",
        "no-folder-" * 20,
        "/srv/\u65e5\u8a8c/" + "\u8a18\u9332" * 60 + ".log",
    ],
)
def test_a_place_is_shortened_in_its_middle_and_never_loses_its_line(file: str, width: int) -> None:
    one = diagnoses.rich().findings[0]
    cited = replace(one.evidence[0], file=file, line=104711)
    found = replace(diagnoses.rich(), findings=(replace(one, evidence=(cited,)),))
    lines = render_diagnosis(found, "terminal", width=width).split("Details")[0].splitlines()
    seen = next(line for line in lines if line.startswith("  see "))
    assert seen.startswith(f"  see {file[:2]}")
    assert "\u2026" in seen
    assert ":104711" in seen
    assert cell_len(seen) <= width


def test_where_many_could_not_be_checked_the_first_screen_counts_them_and_names_what_is_excluded() -> None:
    quiet = diagnoses.quiet()
    absent = [each for each in quiet.findings if each.verdict == "absent"]
    lacking = next(each for each in quiet.findings if each.verdict == "not_assessable")
    many = tuple(replace(lacking, signature=f"P9-detector-number-{at}") for at in range(40))
    text = render_diagnosis(replace(quiet, findings=(*absent, *many)), "terminal", width=80)
    summary = text.split("Details")[0]
    assert "  Not checked, columns missing: 40 (see below)\n" in summary
    assert all(each.signature in summary for each in absent)
    assert all(each.signature in text for each in many)
    assert text.count("Nothing was found") == 1
