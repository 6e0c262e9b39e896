"""One request's story in each format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from advisor.diagnosis.story import Story
from advisor.errors import printable
from advisor.present.json_text import json_text


def render_story(
    story: Story, format: str, *, color: bool = False, width: int = 100, redact: Callable[[str], str] = str
) -> str:
    """The steps in order with gaps marked, then what is missing; JSON is `advisor/story/1`."""
    story = _redacted(story, redact)
    if format == "json":
        return json_text(story.to_json())
    if format == "terminal":
        return _terminal(story, color, width)
    from advisor.present.templates import environment, stylesheet

    name = "story.md.j2" if format == "markdown" else "story.html.j2"
    return environment().get_template(name).render(story=story, moment=moment, style=stylesheet())


def moment(ts_us: int | None) -> str:
    """An instant as people read it, in UTC."""
    from datetime import UTC, datetime, timedelta

    if ts_us is None:
        return "no time"
    try:
        return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ts_us):%Y-%m-%d %H:%M:%S.%f}"[:-3] + "Z"
    except OverflowError:
        return "no time"


def _redacted(story: Story, redact: Callable[[str], str]) -> Story:
    steps = tuple(replace(step, row=replace(step.row, text=redact(step.row.text))) for step in story.steps)
    return replace(story, request_id=redact(story.request_id), steps=steps)


def _terminal(story: Story, color: bool, width: int) -> str:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from advisor.present.terminal import to_text

    def draw(console: Console) -> None:
        console.print(Text(f"Request {printable(story.request_id)}", style="bold"))
        for step in story.steps:
            if step.gap:
                console.print(Text(f"   … {step.gap} …", style="yellow"))
            place = printable(f"{step.row.file}:{step.row.line}")
            console.print(Text(f"{moment(step.row.ts_us)}  {step.role or '·'}", style="bold" if step.role else "dim"))
            console.print(Padding(Text(printable(step.row.text)), (0, 0, 0, 3)))
            console.print(Padding(Text(place, style="dim"), (0, 0, 0, 3)))
        if story.untold:
            console.print(Text(f"{story.untold} more rows are not shown.", style="yellow"))
        console.print()
        for gap in story.gaps:
            console.print(Text(f"Missing: {gap}.", style="yellow"))

    return to_text(draw, color=color, width=width)
