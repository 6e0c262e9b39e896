"""The evidence bundle: a diagnosis with what it rests on in one file, whose every byte follows from its manifest.

A bundle is a zip archive of stored members with fixed times, the manifest first. Each entry of the manifest hashes the
one before it, and the first hashes what the bundle says about itself; the last hash, the head, so stands for everything
in it. The same contents give the same bytes.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from typing import Literal

from pydantic import Field

from advisor.catalog.models import Frozen

MANIFEST = "manifest.json"
SCHEMA = "advisor/bundle/1"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
"""What a member may be called: no folders, so that nothing can lead out of the place where it is unpacked."""


class Given(Frozen):
    """A log that was read: its name as given, bytes, SHA-256."""

    name: str
    size: int
    sha256: str


class About(Frozen):
    """What a bundle says about itself.

    Attributes:
        date: The day that it was made, as the caller gave it (ISO).
        redacted: Whether secrets and personal data are masked in what came out of the logs.
        remarks: What a reader has to know of the members, a sentence each.
    """

    date: str
    advisor: str
    knowledge: str
    python: str
    duckdb: str
    redacted: bool
    remarks: tuple[str, ...]
    inputs: tuple[Given, ...]


class Entry(Frozen):
    """A member: name, bytes, SHA-256, and the hash that chains it to the entry before."""

    name: str
    size: int
    sha256: str
    chain: str


class Manifest(Frozen):
    """The JSON shape `advisor/bundle/1`; `head` is the chain of the last entry."""

    schema_: Literal["advisor/bundle/1"] = Field(default="advisor/bundle/1", alias="schema")
    about: About
    entries: tuple[Entry, ...]
    head: str

    def written(self) -> bytes:
        """The manifest as it stands in the archive."""
        return (json.dumps(self.model_dump(mode="json", by_alias=True), indent=2) + "\n").encode()


def chained(about: About, members: Mapping[str, bytes]) -> Manifest:
    """The manifest of these members, in their order."""
    link = _hash(json.dumps(about.model_dump(mode="json"), sort_keys=True).encode())
    entries = []
    for name, data in members.items():
        digest = _hash(data)
        link = _hash(json.dumps([link, name, len(data), digest]).encode())
        entries.append(Entry(name=name, size=len(data), sha256=digest, chain=link))
    return Manifest(about=about, entries=tuple(entries), head=link)


def packed(manifest: bytes, members: Mapping[str, bytes]) -> bytes:
    """The archive, the manifest first; stored, since what a compressor writes changes with its version."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name, data in ((MANIFEST, manifest), *members.items()):
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, 0o644 << 16  # the same on every operating system
            archive.writestr(info, data)
    return made.getvalue()


def sealed(about: About, members: Mapping[str, bytes]) -> tuple[Manifest, bytes]:
    """The manifest and the whole file."""
    manifest = chained(about, members)
    return manifest, packed(manifest.written(), members)


def _hash(data: bytes) -> str:
    return sha256(data).hexdigest()
