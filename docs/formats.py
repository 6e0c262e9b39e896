"""The generated page about log formats: what is read, what each can show, and the columns of the event model."""

from __future__ import annotations

from advisor.catalog.load import shipped
from advisor.traces.columns import KINDS, columns
from advisor.traces.formats import formats
from advisor.traces.formats.wrappers import WRAPPERS


def document() -> str:
    """`docs/formats.md`."""
    catalog = shipped()
    homes = [("signatures", each) for each in catalog.signatures.values()]
    homes += [("weaknesses", each) for each in catalog.weaknesses.values()]
    entries = [each for _, each in homes]
    keys = sorted({key for entry in entries for key in entry.grades})
    read = [f"| `{one.id}` | {one.title} | {one.grade} |" for one in formats()]
    shown = [
        f"| [{entry.id}](catalog/{room}.md#{entry.id.lower()}) "
        f"| {' | '.join(entry.grades.get(key, '-') for key in keys)} |"
        for room, entry in homes
    ]
    fields = [
        f"| `{c.name}` | {c.group} | {c.unit} | {_listed(c.emitted[1:])} | {_listed(c.synonyms)} |" for c in columns()
    ]
    return "\n".join(
        [
            "# Log formats",
            "",
            "Generated from the program by `make docs`. What a file holds is told by its content, never by its name;",
            "plain, gzip, zstd or zip.",
            "",
            "## Formats",
            "",
            "| id | what | grade key |",
            "| --- | --- | --- |",
            *read,
            "| `json_lines`, `csv`, `parquet`, `text` | application logs, by field names or a mapping | app-log |",
            "",
            "Taken off first, and what they hold is told anew: "
            + ", ".join(f"{one.title} (`{one.id}`)" for one in WRAPPERS)
            + ".",
            "",
            "## What each can show at best",
            "",
            "A: the emitter declares it. B: it follows from the format or the user's mapping. C: a proxy. D: a hint",
            "in text. -: not assessable. Rows with `sdb.*` attributes reach A in every format that carries attributes.",
            "",
            f"| signature or weakness | {' | '.join(keys)} |",
            f"| --- |{' --- |' * len(keys)}",
            *shown,
            "",
            "## Columns",
            "",
            "A value found under the column's own name or under a name that is emitted for it is declared; one found",
            "under a synonym is guessed, and so is a kind that only an event's name suggests.",
            "",
            "| column | group | unit | emitted as | synonyms |",
            "| --- | --- | --- | --- | --- |",
            *fields,
            "",
            f"Kinds: {', '.join(f'`{kind}`' for kind in sorted(KINDS))}.",
            "",
        ]
    )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
