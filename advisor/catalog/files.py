"""Finds the data rooms, reads TOML files and writes files whole, turning what can go wrong into faults."""

from __future__ import annotations

import os
import tempfile
import tomllib
from pathlib import Path
from typing import Any, Literal

from advisor.errors import Fault, InputError

_PACKAGE = Path(__file__).resolve().parent.parent


def data_room(name: Literal["knowledge", "reports", "starters"]) -> Path:
    """The folder of a data room: inside the package in a wheel, beside it in a checkout."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def read_toml(path: Path, place: str | None = None) -> dict[str, Any]:
    """Reads one TOML table.

    Args:
        path: The file.
        place: How faults name the file; the path as given, unless said otherwise.

    Raises:
        InputError: One fault that says why the file cannot be read: missing, a directory, unreadable, empty,
            not UTF-8, or not TOML (which includes a key given twice and a bare `yes`).
    """
    where = place or str(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError([Fault(where, "no such file", "check the path")]) from None
    except IsADirectoryError:
        raise InputError([Fault(where, "is a directory", "name the file inside it")]) from None
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise InputError([Fault(where, f"cannot be read ({reason})", "check the path and its rights")]) from None
    except ValueError:
        raise InputError([Fault(where, "is not a valid path", "check the path")]) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError([Fault(f"{where}:{line}", "is not UTF-8", "save the file as UTF-8")]) from None
    if not text.strip():
        raise InputError([Fault(where, "is empty", "write the file first")])
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError([Fault(where, f"is not TOML: {error}", _toml_mend(str(error)))]) from None
    except RecursionError:
        raise InputError([Fault(where, "is nested too deeply", "flatten the file")]) from None
    except ValueError:  # Python reads no whole number of over 4300 digits
        raise InputError([Fault(where, "holds a number of thousands of digits", "write a smaller one")]) from None


def _toml_mend(message: str) -> str:
    if "overwrite" in message or "twice" in message:
        return "keep one of the two"
    if "Invalid value" in message:
        return 'quote text values, as in answer = "yes"'
    return "correct the line"


def write_atomically(path: Path, content: str | bytes) -> None:
    """Writes a file whole or not at all, through a temporary file in the same folder.

    Raises:
        InputError: The folder or the file cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content.encode("utf-8") if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                Path(name).chmod(path.stat().st_mode & 0o777)
            else:
                umask = os.umask(0)
                os.umask(umask)
                Path(name).chmod(0o666 & ~umask)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = (error.strerror or "unwritable").lower()
        raise InputError(
            [Fault(str(path), f"cannot be written ({reason})", "check the folder and its rights")]
        ) from None
