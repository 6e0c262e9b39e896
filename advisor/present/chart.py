"""Daily reliability as a drawing: rates with their intervals, version boundaries, and a change point."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from advisor.catalog.files import data_room
from advisor.diagnosis.reliability import Reliability
from advisor.errors import Fault, InputError, printable

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 960, 300, 48, 16, 32


def svg(found: Reliability) -> str:
    """One SVG element that stands alone, light and dark, with a title and a description."""
    low = max(0.0, min(each.interval[0] for each in found.daily) - 0.02)
    span = max(1.0 - low, 0.05)

    def x(day: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - 12) * day / max(found.days - 1, 1)

    def y(rate: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - (rate - low) / span)

    body = []
    for rate in (low, low + span / 2, low + span):
        body.append(f'<path class="grid" d="M{_LEFT} {y(rate):.1f} H{_WIDTH - 12}"/>')
        body.append(f'<text class="soft" x="4" y="{y(rate) + 4:.1f}">{rate:.0%}</text>')
    for each in found.daily:
        body.append(f'<path class="bar" d="M{x(each.day):.1f} {y(each.interval[0]):.1f} V{y(each.interval[1]):.1f}"/>')
        body.append(f'<circle class="dot" cx="{x(each.day):.1f}" cy="{y(each.passed / each.ran):.1f}" r="2.5"/>')
    if found.slope is not None:
        middle, half = (found.days - 1) / 2, found.slope / 3000 * (found.days - 1)
        ends = [min(1.0, max(low, found.rate + half * side)) for side in (-0.5, 0.5)]
        body.append(f'<path class="trend" d="M{x(0):.1f} {y(ends[0]):.1f} L{x(2 * middle):.1f} {y(ends[1]):.1f}"/>')
    for step in found.steps:
        body.append(f'<path class="edge" d="M{x(step.day):.1f} {_TOP} V{_HEIGHT - _BOTTOM}"/>')
        name = escape(printable(step.version)[:24])
        body.append(f'<text class="soft" x="{x(step.day) + 4:.1f}" y="{_TOP + 12}">{name}</text>')
    if found.change:
        body.append(f'<path class="change" d="M{x(found.change.day):.1f} {_TOP} V{_HEIGHT - _BOTTOM}"/>')
    body.append(f'<text class="soft" x="{_LEFT}" y="{_HEIGHT - 8}">{escape(found.first_day)}</text>')
    body.append(f'<text class="soft" x="{_WIDTH - 12}" y="{_HEIGHT - 8}" text-anchor="end">day {found.days}</text>')
    style = (data_room("reports") / "chart.css").read_text(encoding="utf-8")
    about = escape(f"{found.verdict}; mean rate {found.rate:.1%} over {found.days} days from {found.first_day}.")
    return (
        f'<svg class="c" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-labelledby="c-title c-desc"><title id="c-title">Daily reliability</title>'
        f'<desc id="c-desc">{about}</desc>'
        f"<style>{style}</style>{''.join(body)}</svg>"
    )


def save_chart(found: Reliability, path: Path) -> None:
    """Writes the drawing as SVG or PNG, as the file's name says; PNG is light, at twice the size.

    Raises:
        InputError: Another ending, a folder that cannot be written, or PNG without the extra that draws it.
    """
    kind = path.suffix.lower()
    if kind not in (".svg", ".png"):
        raise InputError([Fault(str(path), "is neither .svg nor .png", "end the chart's name in one of them")])
    drawing = svg(found)
    try:
        if kind == ".svg":
            path.write_text(drawing + "\n", encoding="utf-8")
        else:
            path.write_bytes(_png(drawing))
    except OSError as error:
        why = (error.strerror or "unwritable").lower()
        raise InputError([Fault(str(path), f"cannot be written ({why})", "check the folder and its rights")]) from None


def _png(drawing: str) -> bytes:
    """The drawing as pixels; its style variables are put in first, for the renderer knows none."""
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        mend = "pip install 'agent-runtime-advisor[png]', or write .svg"
        raise InputError([Fault("--chart", "needs a renderer for PNG", mend)]) from None
    light = re.sub(r"@media[^{]*\{[^}]*\}\}", "", drawing)
    for name, value in re.findall(r"--([a-z]+):([^;}]+)", light):
        light = light.replace(f"var(--{name})", value)
    return bytes(svg_to_bytes(svg_string=light, background="#ffffff", zoom=2.0, width=2 * _WIDTH))
