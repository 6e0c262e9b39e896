"""What was generated last time, as kept in the project: the manifest and a zip of the pristine files."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path, PurePosixPath

from advisor import __version__
from advisor.errors import Fault, InputError
from advisor.starter.render import Files
from advisor.starter.selection import Selection

MANIFEST, BASE = ".advisor/manifest.json", ".advisor/base.zip"
_SCHEMA = "advisor/project/1"
_FIXED = (1980, 1, 1, 0, 0, 0)
_LARGEST = 50_000_000


def pack(files: Files, selection: Selection) -> Files:
    """The manifest and the zip for these files; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            entry = zipfile.ZipInfo(path, date_time=_FIXED)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            archive.writestr(entry, content)
    manifest = {
        "schema": _SCHEMA,
        "tool": __version__,
        "id": selection.distribution,
        "package": selection.package,
        "engine": selection.engine,
        "files": {path: hashlib.sha256(content).hexdigest() for path, content in sorted(files.items())},
    }
    return {MANIFEST: (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode(), BASE: buffer.getvalue()}


def unpack(destination: Path, selection: Selection) -> Files:
    """The pristine files of an earlier run.

    Raises:
        InputError: The folder is not a project of ours, is another project, or was tampered with.
    """
    place = str(destination)
    try:
        manifest = json.loads((destination / MANIFEST).read_bytes())
        known = manifest["schema"] == _SCHEMA
    except (OSError, ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise InputError([Fault(place, "is not empty and was not written by advisor scaffold", "name an empty folder")])
    if manifest.get("id") != selection.distribution:
        other = str(manifest.get("id"))[:60]
        raise InputError([Fault(place, f"holds the project {other}", f"name a folder for {selection.distribution}")])
    try:
        with zipfile.ZipFile(destination / BASE) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > _LARGEST:
                raise ValueError("too large")
            files = {entry.filename: archive.read(entry) for entry in entries}
    except (OSError, ValueError, zipfile.BadZipFile, RuntimeError, NotImplementedError, KeyError):
        raise InputError(
            [
                Fault(
                    f"{place}/{BASE}",
                    "cannot be read",
                    "restore it from version control, or scaffold into an empty folder",
                )
            ]
        ) from None
    for path in files:
        check_inside(destination, path)
    return files


def check_inside(destination: Path, path: str) -> Path:
    """The place of a path of the project.

    Raises:
        InputError: It leads out of the project, by its name or through a link.
    """
    pure = PurePosixPath(path)
    target = destination / path
    root = destination.resolve()
    escapes = pure.is_absolute() or ".." in pure.parts or "\\" in path or not pure.parts
    if escapes or not target.resolve().is_relative_to(root) or target.is_symlink():
        raise InputError([Fault(f"{destination}/{path}", "leads out of the project", "remove the link or the entry")])
    return target
