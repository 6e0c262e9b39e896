"""Puts a finished document where the user wants it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from advisor.catalog.files import write_atomically
from advisor.errors import Fault, InputError


def deliver(text: str, output: Path | None) -> None:
    """Writes a document to stdout, or whole to a file.

    Raises:
        InputError: The file or stdout cannot be written.
    """
    text = text if text.endswith("\n") else text + "\n"
    if output is None:
        try:
            sys.stdout.buffer.write(text.encode("utf-8", "replace"))
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is flushed at exit
            what = f"cannot be written ({(error.strerror or 'unwritable').lower()})"
            raise InputError([Fault("(standard output)", what, "free the disk, or name a file with -o")]) from None
    else:
        write_atomically(output, text)


def remark(text: str, quiet: bool) -> None:
    """Says something beside the document: on stderr, unless told to be quiet."""
    if not quiet:
        print(text, file=sys.stderr)
