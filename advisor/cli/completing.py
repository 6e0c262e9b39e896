"""What the shell offers when Tab is pressed: ids and kinds of the knowledge base. Typer keeps those that fit."""

from __future__ import annotations


def entry_ids() -> list[str]:
    """Every entry's id."""
    from advisor.catalog.ids import ids

    return ids()


def detector_ids() -> list[str]:
    """The ids of signatures and weaknesses."""
    from advisor.catalog.ids import ids

    return ids("signatures", "weaknesses")


def kinds() -> list[str]:
    """The kinds of entries."""
    from advisor.catalog.ids import kinds

    return kinds()
