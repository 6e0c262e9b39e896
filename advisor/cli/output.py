"""Puts a finished document where the user wants it."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from advisor.errors import Fault, InputError


def deliver(text: str, output: Path | None) -> None:
    """Writes a document to stdout, or atomically to a file.

    Raises:
        InputError: The file cannot be written.
    """
    text = text if text.endswith("\n") else text + "\n"
    if output is None:
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.flush()
        return
    try:
        handle, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            umask = os.umask(0)
            os.umask(umask)
            Path(name).chmod(0o666 & ~umask)
            Path(name).replace(output)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = (error.strerror or "unwritable").lower()
        raise InputError(
            [Fault(str(output), f"cannot be written ({reason})", "check the folder and its rights")]
        ) from None


def remark(text: str, quiet: bool) -> None:
    """Says something beside the document: on stderr, unless told to be quiet."""
    if not quiet:
        print(text, file=sys.stderr)
