"""Writes the generated pages of docs/ from code and data; `--check` only says whether they are up to date."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.main import get_command

sys.path.insert(0, str(Path(__file__).resolve().parent))
import architecture
import entries
import formats
import how_to
import limits
import prove

from advisor.catalog.answers import AnswersFile, read_answers
from advisor.cli.app import app
from advisor.diagnosis.judge import Judgement
from advisor.diagnosis.reliability import Reliability
from advisor.present.diagnosis.document import DiagnosisDocument
from advisor.replay.plan import Plan
from advisor.selection import DecisionRecord, recommend
from advisor.selection.comparison import Comparison

DOCS = Path(__file__).resolve().parent
CORPUS = DOCS.parent / "tests" / "selection" / "corpus"


def commands() -> str:
    """Every command with its help, as a user sees it at 80 columns."""
    parts = ["# Commands", "", "Generated from the program by `make docs`.", ""]
    names = [[], *([name] for name in get_command(app).commands), ["catalog", "graph"], ["catalog", "check"]]  # type: ignore[attr-defined]
    for name in names:
        shown = " ".join(["advisor", *name])
        command = [sys.executable, "-m", "advisor", *name, "--help"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env={"COLUMNS": "80", "PATH": ""})
        text = "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())
        parts += [f"## {shown}", "", "```text", text, "```", ""]
    return "\n".join(parts)


def workloads() -> str:
    """The 24 public workloads: where the record differs from the annotator's reading, and why."""
    labels: dict[str, dict[str, Any]] = json.loads((CORPUS / "labels.json").read_text(encoding="utf-8"))
    rows, same = [], 0
    for name, label in labels.items():
        record = recommend(read_answers(CORPUS / f"{name}.toml"))
        differences = list(_differences(record, label))
        same += not differences
        rows += [f"| [{name}]({label['source']}) | {' | '.join(each)} |" for each in differences]
    head = [
        "# 24 workloads from public write-ups",
        "",
        "One annotator read the facts of 24 published systems, and what the method answers for them. The answers files",
        "are in `tests/selection/corpus/`; what a source does not say is unknown. This page is printed by `make docs`.",
        "",
        f"{same} of {len(labels)} records agree in every respect. Each difference of the others:",
        "",
        "| Workload | What | The annotator | The record | Why they differ |",
        "| --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*head, *rows]) + "\n"


def _differences(record: DecisionRecord, label: dict[str, Any]) -> Any:
    waits = record.answers["pauses_or_external_waits"] == "yes"
    for field in ("runtime_class", "dominant_concern"):
        ours = getattr(record, field)
        if ours != label[field]:
            why = "it waits over an hour, and waits count" if waits else f"one unit lasts {record.answers['duration']}"
            yield (
                field.replace("_", " "),
                label[field],
                ours,
                (why if field == "runtime_class" else "follows from the class"),
            )
    spine = record.spine
    if record.spine != label["spine"]:
        named = "cost question, undetermined" if record.spine == "undetermined" else spine
        yield (
            "spine",
            label["spine"],
            named,
            "the source does not say whether history must replay",
        )
    for pattern in ("P1", "P2", "P4", "P6"):
        chosen = pattern in (*record.coordination, *record.control)
        open_ = record.why_not.get(pattern, "").startswith("Not decided")
        ours = "yes" if chosen else "undetermined" if open_ else "no"
        read = {True: "yes", False: "no", None: "undetermined"}[label[pattern]]
        if ours != read:
            yield pattern, read, ours, record.why_not.get(pattern) or record.why[pattern]


def schemas() -> dict[str, str]:
    """The JSON Schemas of what goes in and what comes out."""
    written = {}
    models = {
        "answers": AnswersFile,
        "record": DecisionRecord,
        "comparison": Comparison,
        "diagnosis": DiagnosisDocument,
        "judgement": Judgement,
        "reliability": Reliability,
        "plan": Plan,
    }
    for name, model in models.items():
        schema = model.model_json_schema(
            by_alias=True, mode="validation" if model in (AnswersFile, Plan) else "serialization"
        )
        written[f"schemas/{name}-1.json"] = json.dumps(schema, indent=2, sort_keys=True) + "\n"
    return written


def filled(page: str, parts: dict[str, str]) -> str:
    """A page with what stands between the two marks of each part replaced."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for name, part in parts.items():
        start, end = f"<!-- {name}: generated by make docs -->", f"<!-- {name}: end -->"
        before, _, rest = text.partition(start)
        _, found, after = rest.partition(end)
        if not found:
            raise SystemExit(f"docs/{page}: lacks the marks {start} and {end}")
        text = f"{before}{start}\n\n{part}\n\n{end}{after}"
    return text


def main() -> int:
    """Writes the pages, or with `--check` names those that are out of date (exit 1)."""
    pages = {
        "commands.md": commands(),
        "decision-tables.md": prove.document(),
        "formats.md": formats.document(),
        "architecture.svg": architecture.picture(),
        "architecture.md": filled("architecture.md", {"rooms": architecture.table()}),
        "limits.md": filled("limits.md", limits.parts()),
        "how-to/index.md": filled("how-to/index.md", {"summary": how_to.summary()}),
        **{f"how-to/{name}.md": filled(f"how-to/{name}.md", how_to.parts(name)) for name in how_to.PAGES},
        "workloads.md": workloads(),
        **entries.documents(),
        **schemas(),
    }
    stale = []
    for name, text in pages.items():
        path = DOCS / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"docs/{name}: {'is out of date; run make docs' if '--check' in sys.argv else 'written'}")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
