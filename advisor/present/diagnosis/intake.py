"""What was read, in few lines however many files there were: by file or by format, bad ones, skipped ones by reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from advisor.present.diagnosis import words

FILES = 12
"""Files read, up to which each has a line of its own; of more, the formats do and the files with bad records."""
LISTED = 20
"""Names that are listed at most; JSON has them all."""
_REASONS = 3
"""Bad records of one file that are told."""
# What differs between files that are skipped for one and the same reason.
_DETAILS = (
    (re.compile(r"^(has the same content as) .+$", re.S), r"\1 another file"),
    (re.compile(r" with the fields .+(, which say)", re.S), r" with other fields\1"),
    (re.compile(r"of its first \d+ lines \d+ look"), "of its first lines too few look"),
)


class Skipped(NamedTuple):
    """Files that were skipped for one reason."""

    reason: str
    paths: tuple[str, ...]


class Intake(NamedTuple):
    """The table of what was read (of files, or of formats), and what needs a word beside it.

    Attributes:
        by_format: Whether rows stand for formats.
        rows: (file, format, rows, bad records); or (format, count of files, rows, bad records).
        bad: Files with bad records, those with the most first: (file, how many, the first of them and why).
    """

    by_format: bool
    rows: tuple[tuple[str, str, int, int], ...]
    bad: tuple[tuple[str, int, str], ...]
    skipped: tuple[Skipped, ...]


def intake(inventory: Mapping[str, Any]) -> Intake:
    """What became of the files."""
    files: Sequence[Mapping[str, Any]] = inventory.get("files", ())
    read = [file for file in files if not file.get("skipped_reason")]
    groups: dict[str, list[tuple[str, str]]] = {}
    for file in files:
        if why := file.get("skipped_reason"):
            groups.setdefault(_alike(str(why)), []).append((str(why), str(file["path"])))
    many = len(read) > FILES
    return Intake(
        by_format=many,
        rows=tuple(_formats(read)) if many else tuple(_line(file) for file in read),
        bad=tuple(sorted((_bad(file) for file in files if file.get("bad_rows")), key=lambda it: (-it[1], it[0]))),
        skipped=tuple(
            Skipped(group[0][0] if len({why for why, _ in group}) == 1 else alike, tuple(path for _, path in group))
            for alike, group in sorted(groups.items(), key=lambda it: (-len(it[1]), it[0]))
        ),
    )


def _alike(why: str) -> str:
    """The reason without what only one file has of it."""
    for detail, instead in _DETAILS:
        why = detail.sub(instead, why)
    return why


def _line(file: Mapping[str, Any]) -> tuple[str, str, int, int]:
    return str(file["path"]), str(file.get("format") or ""), file.get("rows", 0), file.get("bad_rows", 0)


def _formats(read: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, int, int]]:
    """A row for each format, the most rows first."""
    by: dict[str, list[tuple[str, str, int, int]]] = {}
    for file in read:
        line = _line(file)
        by.setdefault(line[1] or "unknown", []).append(line)
    made = [
        (name, f"{len(lines):,}", sum(line[2] for line in lines), sum(line[3] for line in lines))
        for name, lines in by.items()
    ]
    return sorted(made, key=lambda row: (-row[2], row[0]))


def _bad(file: Mapping[str, Any]) -> tuple[str, int, str]:
    first = [
        f"line {each['line']} {each['why']}" if each["line"] > 0 else str(each["why"])
        for each in file.get("bad", ())[:_REASONS]
    ]
    return str(file["path"]), file["bad_rows"], "; ".join(first)


def some(names: Sequence[str], most: int = LISTED) -> str:
    """Names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def remarks(inventory: Mapping[str, Any]) -> list[str]:
    """What no column holds: fields that filled none, and values that their column could not take."""
    said = []
    unused = [f"{each['name']} ({each['rows']:,})" for each in inventory.get("unused_fields", ())]
    if unused:
        beyond = max(0, len(unused) - LISTED) + inventory.get("unused_fields_more", 0)
        said.append(
            _bounded(
                "Fields that filled no column, with their rows (of large files, those of a sample)", unused, beyond
            )
        )
    unread = [
        f"{each['name']} as {each['column']} ({words.number(each['rows'], 'row')}, first {each['file']}:{each['line']})"
        for each in inventory.get("unread_values", ())
    ]
    if unread:
        beyond = max(0, len(unread) - LISTED // 4) + inventory.get("unread_values_more", 0)
        said.append(_bounded("Values that could not be read", unread[: LISTED // 4], beyond))
    return said


def _bounded(what: str, names: Sequence[str], beyond: int) -> str:
    more = f" and {beyond:,} more" if beyond else ""
    return f"{what}: {', '.join(names[:LISTED])}{more}."
