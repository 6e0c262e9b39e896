"""Log platforms' envelopes taken off: the payloads regrouped by what they are, and read like files of their own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import Any

import orjson

from advisor.traces.formats.wrappers import WRAPPERS
from advisor.traces.lenient import parse
from advisor.traces.records import SAMPLE, Record, Source

HELD = 32 << 20
DEEPEST = 3
"""Envelopes inside envelopes that are taken off."""


def unwrapped(source: Source, depth: int = 0) -> Iterator[Source]:
    """The source itself, or what its envelope holds: JSON payloads first, then lines of text.

    A payload keeps the line of its envelope. What the envelope knows (labels, when the line was shipped) is put into
    objects under `labels` and `observed_ts`, where the payload has no such field.
    """
    wrapper = next((one for one in WRAPPERS if one.sniff(source)), None) if depth < DEEPEST else None
    if wrapper is None:
        yield source
        return
    texts = _Texts()

    def objects() -> Iterator[Record]:
        for line, body, extra in wrapper.unwrap(source):
            value: Any = body
            if isinstance(body, str):
                try:
                    value = parse(body.encode())
                except ValueError:
                    value = body
            if isinstance(value, dict):
                yield Record(line, _with(value, extra))
            elif isinstance(value, list):
                yield Record(line, value)
            else:
                texts.add(line, str(body))

    reading = objects()
    first = list(islice(reading, SAMPLE))
    if first:
        inner = replace(
            source, shape="lines", records=chain(first, reading), sample=[record.value for record in first], text=""
        )
        yield from unwrapped(inner, depth + 1)
    if texts.sample:
        yield replace(source, shape="text", records=iter(texts), sample=texts.sample, text="")


class _Texts:
    """Lines of text that wait for the objects to be read; from HELD on they wait on disk."""

    def __init__(self) -> None:
        self.sample: list[str] = []
        self._file = tempfile.SpooledTemporaryFile(max_size=HELD)  # noqa: SIM115

    def add(self, line: int, text: str) -> None:
        if len(self.sample) < SAMPLE:
            self.sample.append(text)
        self._file.write(orjson.dumps([line, text.encode("utf-8", "replace").decode()]) + b"\n")

    def __iter__(self) -> Iterator[Record]:
        self._file.seek(0)
        with self._file:
            for written in self._file:
                yield Record(*orjson.loads(written))


def _with(value: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    labels = extra.get("labels")
    added: dict[str, Any] = {} if not labels or "labels" in value else {"labels": labels}
    if "observed_us" in extra and "observed_ts" not in value:
        added["observed_ts"] = extra["observed_us"]
    return {**value, **added} if added else value
