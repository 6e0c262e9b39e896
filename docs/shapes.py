"""Writes the JSON Schemas and the page that lists them, from the register of shapes."""

from __future__ import annotations

import json

from advisor.present.schemas import LEAVING, WRITTEN, name_of, schemas

HEAD = """# JSON Schemas

Generated from the program by `make docs`. What `--format json` prints names its shape and version in `schema`; several
inputs give a list of one shape, in their order. The schemas are of draft 2020-12. Two outputs have shapes of others:
`advisor catalog graph --as json` is networkx's node-link data, `advisor diagnose -f sarif` is SARIF 2.1.0.
"""


def documents() -> dict[str, str]:
    """Every schema by the name of its file, and the page."""
    found = schemas()
    lines = [HEAD, *_table("What the tool prints", "Printed by", found, [name_of(model) for model, _ in LEAVING])]
    lines += _table("What people write (TOML)", "It is", found, [name for name, _, _ in WRITTEN])
    written = {f"schemas/{name}.json": json.dumps(each, indent=2, sort_keys=True) for name, (each, _) in found.items()}
    return {name: f"{text}\n" for name, text in written.items()} | {"schemas.md": "\n".join(lines)}


def _table(title: str, who: str, found: dict[str, tuple[dict[str, object], str]], names: list[str]) -> list[str]:
    rows = [f"| [{name}](schemas/{name}.json) | {found[name][1]} |" for name in names]
    return [f"## {title}", "", f"| Schema | {who} |", "| --- | --- |", *rows, ""]
