"""Reads reports in prose: one a file (text, Markdown), or many in a JSON list or JSON lines with title and text."""

from __future__ import annotations

import glob
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from advisor.errors import Fault, InputError

LARGEST = 2_000_000
"""Bytes of one report that are read; a longer one is refused (a convention: reports are read by people)."""
_BODIES = ("text", "body", "description", "evidence", "summary", "content")


class Report(NamedTuple):
    """One report: where it stands, its title and its text."""

    place: str
    title: str
    text: str


def read_reports(places: list[str], standard_input: str | None = None) -> list[Report]:
    """Reads every report behind paths, folders, globs and `-` (standard input, already read).

    Raises:
        InputError: Every fault at once: nothing there, an empty or too long report, JSON without a text.
    """
    reports: list[Report] = []
    faults: list[Fault] = []
    for place in places:
        try:
            if place == "-":
                reports += _prose("standard input", standard_input or "")
            else:
                for path in _paths(place):
                    reports += _file(path)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return reports


def _paths(place: str) -> list[Path]:
    path = Path(place)
    if path.is_dir():
        found = sorted(each for each in path.rglob("*") if each.is_file() and not each.name.startswith("."))
    elif path.exists():
        found = [path]
    else:
        # `Path.glob` takes no absolute pattern, and a user's may well be one.
        found = sorted(Path(each) for each in glob.glob(place, recursive=True) if Path(each).is_file())  # noqa: PTH207
    if not found:
        raise InputError([Fault(place, "holds no file", "check the path")])
    return found


def _file(path: Path) -> Iterator[Report]:
    place = str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise InputError([Fault(place, f"cannot be read ({reason})", "check the path and its rights")]) from None
    text = data.decode("utf-8-sig", "replace")
    kind = path.suffix.lower()
    if kind not in (".json", ".jsonl", ".ndjson"):
        return _prose(place, text)
    try:
        lines = [text] if kind == ".json" else [line for line in text.splitlines() if line.strip()]
        parsed: list[Any] = [json.loads(line) for line in lines]
    except (ValueError, RecursionError) as error:
        raise InputError([Fault(place, f"is not JSON ({str(error)[:80]})", "correct it, or pass prose")]) from None
    rows = parsed[0] if kind == ".json" and isinstance(parsed[0], list) else parsed
    return iter([report for number, row in enumerate(rows, 1) for report in _object(f"{place}:{number}", row)])


def _prose(place: str, text: str) -> Iterator[Report]:
    """A whole file as one report; its first line is its title where a blank line or a heading mark sets it apart."""
    _usable(place, text)
    lines = text.strip().splitlines()
    heading = lines[0].startswith("#") or (len(lines) > 1 and not lines[1].strip())
    title = lines[0].lstrip("# ").strip() if heading and len(lines) > 1 else ""
    return iter([Report(place, title, "\n".join(lines[1:] if title else lines))])


def _object(place: str, row: Any) -> Iterator[Report]:
    body = next((row[key] for key in _BODIES if isinstance(row.get(key), str)), None) if isinstance(row, dict) else None
    if body is None:
        raise InputError([Fault(place, "has no text", f"give it one of the keys {', '.join(_BODIES)}")])
    _usable(place, body)
    title = row.get("title")
    yield Report(place, title if isinstance(title, str) else "", body)


def _usable(place: str, text: str) -> None:
    if not text.strip():
        raise InputError([Fault(place, "is empty", "write the report first")])
    if len(text) > LARGEST:
        what = f"has {len(text):,} characters, a report may have {LARGEST:,}"
        raise InputError([Fault(place, what, "pass the report, not the log")])
