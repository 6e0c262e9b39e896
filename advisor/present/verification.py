"""A verified bundle in words: whole or changed, what changed, and what that proves."""

from __future__ import annotations

from advisor.errors import printable
from advisor.loop.verification import Verification
from advisor.present.json_text import json_text

WITHOUT_HEAD = (
    "It is whole: its bytes follow from its manifest. Nothing in it is signed, so a bundle that was rebuilt from other "
    "contents would look the same; hold it against the head that was recorded when it was made: --head HASH."
)
WITH_HEAD = "It is the one whose head was recorded: no byte of it is another."


def render_verification(found: Verification, format: str) -> str:
    """The result as lines of text, or as JSON (`advisor/verification/1`)."""
    if format == "json":
        return json_text(found.model_dump(mode="json", by_alias=True))
    place = printable(found.file)
    if not found.intact:
        return "".join(f"{place}: {printable(change)}\n" for change in found.changes)
    rows = "with secrets masked" if found.redacted else "with nothing masked"
    head = f"{place}: intact; {found.members} members of {found.date}, {rows}"
    return f"{head}\nhead {found.head}\n{WITH_HEAD if found.expected else WITHOUT_HEAD}\n"
