"""Drawings of when things happened: all evidence on one axis, the rows of one finding by saga, operation or approval.

Every word that goes into a drawing is escaped here; the text of a row stands in a tooltip.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from advisor.diagnosis.durations import span
from advisor.diagnosis.findings import Citation, Finding
from advisor.errors import printable
from advisor.present.diagnosis import words

_WIDTH, _LEFT, _RIGHT, _LANE, _TOP = 960, 210, 24, 34, 8
_MOST = 12
"""Lanes that a drawing has at most."""

# What rows belong together, by the most telling id that they carry.
_THREADS: Mapping[str, str] = {
    "saga_id": "Sagas",
    "approval_id": "Approvals",
    "timer_id": "Timers",
    "op_id": "Compare-and-swap operations",
    "child_id": "Children",
    "request_id": "Requests",
}
_ID = re.compile(rf"(?:^| )({'|'.join(_THREADS)})=(\S+)")
_BAD = re.compile(r"(?:^| )(?:status=(?:error|timeout|rejected|denied|cancelled)|decision=(?:deny|reject))(?: |$)")


class Mark(NamedTuple):
    """A point on a lane: when, what it is called, what its tooltip says, and whether it went wrong."""

    us: int
    name: str
    about: str
    bad: bool


class Lane(NamedTuple):
    """A line of marks, or a bar from the first to the last where `bar` is set."""

    name: str
    marks: tuple[Mark, ...]
    style: str = ""
    bar: bool = False


def evidence(findings: Iterable[Finding], name: str) -> str | None:
    """All timed rows of the findings, a lane each; None where fewer than two have a time."""
    lanes = [
        Lane(f.signature, tuple(_mark(each) for each in f.evidence if _timed(each)), f"sev-{f.severity}")
        for f in findings
    ]
    return _svg([lane for lane in lanes if lane.marks], name, "Evidence of each finding over time")


def threads(finding: Finding, name: str) -> tuple[str, str] | None:
    """(heading, drawing) of a finding's rows by what they belong to; None where they tell no story."""
    timed = [each for each in (*finding.evidence, *finding.cause_evidence) if _timed(each)]
    ids = [dict(reversed(_ID.findall(each.text))) for each in timed]
    kind = next((kind for kind in _THREADS if sum(kind in each for each in ids) >= 2), None)
    if kind is None:
        return None
    lanes: dict[str, list[Mark]] = {}
    for citation, each in zip(timed, ids, strict=True):
        lanes.setdefault(each.get(kind, "other rows"), []).append(_mark(citation))
    drawn = [Lane(id, tuple(sorted(marks)), f"sev-{finding.severity}") for id, marks in lanes.items()]
    svg = _svg(drawn, name, f"{_THREADS[kind]} of {finding.signature}", named=True)
    return (_THREADS[kind], svg) if svg else None


def versions(rows: Sequence[Mapping[str, Any]], name: str) -> str | None:
    """When each version was seen, a bar each."""
    lanes = []
    for row in rows:
        if _is_time(row["first_us"]) and _is_time(row["last_us"]):
            about = (
                f"{row['of']} {row['version']}: {words.period(row['first_us'], row['last_us'])}, {row['rows_']:,} rows"
            )
            ends = tuple(Mark(row[end], "", about, False) for end in ("first_us", "last_us"))
            lanes.append(Lane(f"{words.header(row['of'].removesuffix('_version'))} {row['version']}", ends, bar=True))
    return _svg(lanes, name, "Versions over time")


def _timed(citation: Citation) -> bool:
    return _is_time(citation.ts_us)


def _is_time(us: Any) -> bool:
    """Whether it is an instant that a calendar has."""
    return isinstance(us, int) and words.instant(us).endswith("Z")


def _mark(citation: Citation) -> Mark:
    about = f"{words.place(citation)}  {words.instant(citation.ts_us)}  {citation.text}"
    return Mark(citation.ts_us or 0, citation.text.partition(" ")[0], about, bool(_BAD.search(citation.text)))


def _svg(lanes: Sequence[Lane], name: str, about: str, *, named: bool = False) -> str | None:
    times = [mark.us for lane in lanes for mark in lane.marks]
    if len(times) < 2:
        return None
    cut, lanes = len(lanes) - _MOST, lanes[:_MOST]
    first, last = min(times), max(times)
    each = _LANE + 12 if named else _LANE
    height = _TOP + each * len(lanes) + 40

    def x(us: int) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * ((us - first) / (last - first) if last > first else 0.5)

    body = [_axis(first, last, height)]
    for at, lane in enumerate(lanes):
        body += _lane(lane, _TOP + each * at + each / 2, x, named)
    if cut > 0:
        body.append(f'<text class="soft" x="4" y="{height - 6}">and {cut} more</text>')
    return (
        f'<svg class="t" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc"><title id="{name}-title">{_text(about)}</title>'
        f'<desc id="{name}-desc">{_text(words.period(first, last))} UTC</desc>{"".join(body)}</svg>'
    )


def _axis(first: int, last: int, height: int) -> str:
    """Four lines: the first named by its time, the others by how much later they are."""
    parts = []
    for step in range(4):
        at = _LEFT + (_WIDTH - _LEFT - _RIGHT) * step / 3
        said = words.instant(first) if step == 0 else f"+{span((last - first) * step / 3)}"
        anchor = "start" if step == 0 else "end" if step == 3 else "middle"
        parts.append(f'<path class="grid" d="M{at:.1f} {_TOP} V{height - 32}"/>')
        if step == 0 or last > first:
            parts.append(
                f'<text class="soft" x="{at:.1f}" y="{height - 16}" text-anchor="{anchor}">{_text(said)}</text>'
            )
    return "".join(parts)


def _lane(lane: Lane, y: float, x: Any, named: bool) -> list[str]:
    style = escape(lane.style)
    parts = [f'<text x="4" y="{y + 4:.1f}">{_text(lane.name, 26)}<title>{_text(lane.name)}</title></text>']
    ends = x(lane.marks[0].us), x(lane.marks[-1].us)
    if lane.bar:
        width = max(3.0, ends[1] - ends[0])
        about = f"<title>{_text(lane.marks[0].about)}</title>"
        return [
            *parts,
            f'<rect class="bar" x="{ends[0]:.1f}" y="{y - 7:.1f}" width="{width:.1f}" height="14">{about}</rect>',
        ]
    parts.append(f'<path class="line" d="M{min(ends):.1f} {y:.1f} H{max(ends):.1f}"/>')
    free = [0.0, 0.0]
    for mark in lane.marks:
        at, about = x(mark.us), f"<title>{_text(mark.about)}</title>"
        shape = (
            f'<path class="bad" d="M{at - 5:.1f} {y - 5:.1f} l10 10 m0 -10 l-10 10">{about}</path>'
            if mark.bad
            else f'<circle class="dot {style}" cx="{at:.1f}" cy="{y:.1f}" r="5">{about}</circle>'
        )
        parts.append(shape)
        width = 6.8 * min(len(mark.name), 20)
        left = at - 4 if at + width < _WIDTH else _WIDTH - width
        # A name stands above its mark, below it where the one before needs the room, and nowhere where both do.
        side = next((side for side in (0, 1) if left >= free[side]), None)
        if named and side is not None:
            parts.append(
                f'<text class="soft" x="{left:.1f}" y="{y + (18 if side else -9):.1f}">{_text(mark.name, 20)}</text>'
            )
            free[side] = left + width + 8
    return parts


def _text(text: str, most: int = 400) -> str:
    """Text of a log as text of a drawing."""
    shown = printable(text)
    return escape(shown if len(shown) <= most else shown[: most - 1] + "…")
