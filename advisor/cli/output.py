"""Puts a finished document where the user wants it."""

from __future__ import annotations

import sys
from pathlib import Path

from advisor.catalog.files import write_atomically


def deliver(text: str, output: Path | None) -> None:
    """Writes a document to stdout, or whole to a file.

    Raises:
        InputError: The file cannot be written.
    """
    text = text if text.endswith("\n") else text + "\n"
    if output is None:
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.flush()
    else:
        write_atomically(output, text)


def remark(text: str, quiet: bool) -> None:
    """Says something beside the document: on stderr, unless told to be quiet."""
    if not quiet:
        print(text, file=sys.stderr)
