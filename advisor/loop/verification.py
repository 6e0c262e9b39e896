"""Verifies an evidence bundle: what changed since it was sealed, one line each.

Nothing is unpacked. A chain without a signature shows that a bundle is whole, and, with the head that was recorded when
it was made, that it is the same one. Without that head it cannot tell a bundle that was rebuilt from new contents.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from advisor.catalog.models import Frozen
from advisor.errors import Fault, InputError
from advisor.loop.bundle import MANIFEST, NAME, SCHEMA, Manifest, chained, packed

MOST_BYTES = 256 << 20
"""Convention: a larger file is refused, before it is read."""
MOST_SHOWN = 50
"""Convention: changes that are listed; the others are counted."""
_HEAD = re.compile(r"[0-9a-f]{64}")
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, RuntimeError, EOFError, ValueError, OSError)
"""What the archive's reader raises at bytes that are no archive, or at features that a bundle never uses."""


class Verification(Frozen):
    """The JSON shape `advisor/verification/1`.

    Attributes:
        head: The hash that the members of the file lead to; None where they cannot be read.
        expected: The head that was recorded, where one was given.
        changes: What is not as it was sealed, a line each.
    """

    schema_: Literal["advisor/verification/1"] = Field(default="advisor/verification/1", alias="schema")
    file: str
    intact: bool
    members: int
    head: str | None
    expected: str | None
    date: str | None
    redacted: bool | None
    changes: tuple[str, ...]


def verify(path: Path, head: str | None = None) -> Verification:
    """Holds a bundle against its own manifest, and against a recorded head.

    Raises:
        InputError: The file cannot be read, is too large, or is no bundle at all; the head is no SHA-256.
    """
    expected = head.strip().lower() if head else None
    if expected is not None and not _HEAD.fullmatch(expected):
        mend = "give the 64 hexadecimal digits that were printed when the bundle was made"
        raise InputError([Fault(f"--head {head}", "is no head of a bundle", mend)])
    data = _read(path)
    changes: list[str] = []
    manifest, members = _opened(data, path, changes)
    found = None
    if manifest is not None:
        again = chained(manifest.about, members)
        found = again.head
        told = {change.partition(":")[0] for change in changes}
        changes += _compared(manifest, again, told)
        if not changes and packed(manifest.written(), members) != data:
            changes.append("the file: bytes outside its members were changed")
    if expected and found != expected:
        changes.append(f"the head: is {found or 'not to be had'}, and {expected} was recorded: it is another bundle")
    more = len(changes) - MOST_SHOWN
    return Verification(
        file=str(path),
        intact=not changes,
        members=len(members),
        head=found,
        expected=expected,
        date=manifest.about.date if manifest else None,
        redacted=manifest.about.redacted if manifest else None,
        changes=(*changes[:MOST_SHOWN], *([f"and {more} changes more"] if more > 0 else [])),
    )


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            what, mend = ("is no file", "name a bundle") if path.exists() else ("no such file", "check the path")
            raise InputError([Fault(str(path), what, mend)])
        if path.stat().st_size > MOST_BYTES:
            what = f"is larger than {MOST_BYTES >> 20} MiB, which no bundle is"
            raise InputError([Fault(str(path), what, "name a file that advisor diagnose --bundle wrote")])
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise InputError([Fault(str(path), f"cannot be read ({reason})", "check the path and its rights")]) from None


def _opened(data: bytes, path: Path, changes: list[str]) -> tuple[Manifest | None, dict[str, bytes]]:
    """The manifest and the other members in the archive's order; what is wrong with either is added to `changes`."""
    members: dict[str, bytes] = {}
    ours = data[30 : 30 + len(MANIFEST)] == MANIFEST.encode() or f'"schema": "{SCHEMA}"'.encode() in data
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            ours = ours or any(info.filename == MANIFEST and _says_so(archive, info) for info in infos)
            if ours:
                members = _members(archive, infos, len(data), changes)
    except _BROKEN:
        changes.append("the file: its table of members cannot be read; it is cut short or overwritten")
    if not ours:
        what, mend = "is no evidence bundle", "name a file that advisor diagnose --bundle wrote"
        raise InputError([Fault(str(path), what, mend)])
    text = members.pop(MANIFEST, None)
    if text is None:
        if not changes:
            changes.append(f"{MANIFEST}: is gone")
        return None, members
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError:
        changes.append(f"{MANIFEST}: is no manifest any more")
        return None, members
    if manifest.written() != text:
        changes.append(f"{MANIFEST}: is not written as it was sealed")
    return manifest, members


def _says_so(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bool:
    """Whether a compressed manifest calls itself one of ours; no more of it is unpacked than a manifest's start."""
    if info.compress_type != zipfile.ZIP_DEFLATED:
        return False
    with archive.open(info) as file:
        return SCHEMA.encode() in file.read(1000)


def _members(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo], size: int, changes: list[str]) -> dict[str, bytes]:
    """Every member that may be read; a bundle stores them, so that together they are no longer than the file."""
    members: dict[str, bytes] = {}
    counted = Counter(info.filename for info in infos)
    changes += [f"{name}: is there {many} times" for name, many in counted.items() if many > 1]
    left = size
    for info in infos:
        name = info.filename
        left -= max(info.file_size, 0)
        if not NAME.fullmatch(name):
            changes.append(f"{name}: no member of a bundle has such a name")
        elif info.compress_type != zipfile.ZIP_STORED or left < 0:
            changes.append(f"{name}: was not stored as a bundle stores its members, and was not read")
        elif name not in members:
            try:
                members[name] = archive.read(info)
            except _BROKEN:  # nothing is as little what the manifest says as what cannot be read
                members[name] = b""
    return members


def _compared(said: Manifest, found: Manifest, told: set[str]) -> list[str]:
    """Where what the manifest says and what the members give part; `told` are members of which enough was said."""
    changes = []
    listed, there = ({each.name: each for each in one.entries} for one in (said, found))
    if len(listed) < len(said.entries):
        changes.append(f"{MANIFEST}: lists a member twice")
    changes += [f"{name}: is gone" for name in listed if name not in there and name not in told]
    changes += [f"{name}: was added" for name in there if name not in listed]
    both = [name for name in there if name in listed]
    differ = [name for name in both if there[name].sha256 != listed[name].sha256]
    changes += [f"{name}: was changed; its SHA-256 is not the one in {MANIFEST}" for name in differ]
    if not changes and list(listed) != list(there):
        changes.append("the members: stand in another order")
    if not changes and found != said:
        changes.append(f"{MANIFEST}: was changed; its entries do not follow from one another")
    return changes
