"""Ids of the shipped knowledge base as its files are named, without reading one: for completing them as one types."""

from __future__ import annotations

from advisor.catalog.files import data_room


def kinds() -> list[str]:
    """The kinds of entries: the folders."""
    return sorted(folder.name for folder in data_room("knowledge").iterdir() if folder.is_dir())


def ids(*of: str) -> list[str]:
    """The ids of entries of some kinds; of all, unless given."""
    return sorted({file.stem for kind in of or kinds() for file in (data_room("knowledge") / kind).glob("*.toml")})
