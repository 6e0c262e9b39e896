"""A record under watch: what alarms first, then every statement with its numbers and how they move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.errors import printable
from advisor.loop.evidence.units import length
from advisor.loop.measures import Measured
from advisor.loop.trend import LEAST_CASES, LEAST_PIECES, SURE, Trend
from advisor.loop.watch import Lapsed, Monitor, Watch, day
from advisor.present import words
from advisor.present.diagnosis.record_check import HOW, MEANING, VERDICTS, headline, revised, title_of
from advisor.present.json_text import json_text
from advisor.present.redaction import redact as masked

if TYPE_CHECKING:
    from rich.console import Console

STATUS: Mapping[str, str] = {
    "proposed": "proposed (nobody has signed it, so a contradiction alone does not fail this run)",
    "accepted": "accepted",
    "superseded": "superseded",
}
_BARS = "▁▂▃▄▅▆▇█"
_STYLE = {"contradicted": "bold red", "strained": "yellow", "holds": "green"}


def render_watch(watch: Watch, format: str, *, color: bool = False, width: int = 100, redact: bool = True) -> str:
    """The watch as terminal text, Markdown, an HTML page or JSON (`advisor/watch/1`).

    Args:
        watch: A record held against logs, with its numbers.
        format: terminal | markdown | html | json.
        color: ANSI colours in terminal text.
        width: Columns of terminal text.
        redact: Mask secrets and personal data in everything that came out of the logs.
    """
    watch = _safe(watch) if redact else watch
    if format == "json":
        return json_text(watch.to_json())
    if format == "terminal":
        from advisor.present.terminal import to_text

        return to_text(lambda console: _draw(console, watch), color=color, width=width)
    from advisor.present.templates import environment, stylesheet

    return (
        environment()
        .get_template("watch.md.j2" if format == "markdown" else "watch.html.j2")
        .render(
            watch=watch,
            status=status(watch),
            ground=ground(watch),
            headline=headline(watch.check),
            revised=revised(watch.check),
            verdicts=VERDICTS,
            meaning=MEANING,
            how=HOW,
            title_of=title_of,
            told=told,
            overdue=overdue,
            spark=spark,
            line=line,
            conventions=conventions(),
            style=stylesheet(),
        )
    )


def status(watch: Watch) -> str:
    """The record's standing in one phrase."""
    return f"superseded by {watch.by}" if watch.by else STATUS[watch.status]


def ground(watch: Watch) -> str:
    """What was read, and which model versions it names."""
    said = f"{watch.rows:,} rows"
    if watch.window:
        said += f" from {day(watch.window[0])} to {day(watch.window[1])}"
    shown = ", ".join(watch.versions[:3]) or "none named"
    more = f" and {len(watch.versions) - 3} more" if len(watch.versions) > 3 else ""
    return f"{said}. Model versions seen: {shown}{more}."


def told(measured: Measured) -> str:
    """A measure in words: its value, how sure that is, and how it moves."""
    unit = measured.unit
    said = f"{measured.what}: {_value(measured.value, unit)}{'' if unit == 'share' else ' at the median'}"
    sure = f"{measured.cases:,} case{'s' * (measured.cases != 1)}"
    if measured.interval:
        low, high = (_value(each, unit) for each in measured.interval)
        sure = f"95 %: {low} to {high}, {sure}" if low != high else sure
    return f"{said} ({sure}); {_moves(measured.trend, unit)}"


def _moves(trend: Trend, unit: str) -> str:
    if trend.direction == "untold" or trend.slope is None:
        return "too little to tell a trend"
    if trend.direction == "level":
        return f"no trend over {len(trend.pieces)} {trend.per}s"
    step = f"{abs(trend.slope) * 100:.2g} points" if unit == "share" else _value(abs(trend.slope), unit)
    return f"{trend.direction} by {step} a {trend.per}"


def _value(value: float, unit: str) -> str:
    if unit == "share":
        return f"{value * 100:.1f} %"
    return length(value) if unit == "microseconds" else f"{value:.1f}"


def overdue(each: Lapsed) -> str:
    """A deferral whose date has passed, in one sentence."""
    kind, _, name = each.subject.partition(".")
    what = f"control plane {words.PLANE_TITLES.get(name, name)}" if kind == "planes" else f"the first step {name}"
    late = f"{each.days} day{'s' * (each.days != 1)} ago"
    return f"{what[:1].upper()}{what[1:]} was deferred until {each.until}, {late}: {each.reason}"


def spark(trend: Trend) -> str:
    """The pieces of a trend as bars of a line of text, the last forty of them; empty where they are all the same."""
    values = [piece.value for piece in trend.pieces][-40:]
    low, span = min(values, default=0.0), max(values, default=0.0) - min(values, default=0.0)
    return "".join(_BARS[round((value - low) / span * 7)] for value in values) if span else ""


def line(trend: Trend) -> str:
    """The points of a line through a trend's pieces, for an SVG of 160 x 32."""
    pieces = trend.pieces
    values = [piece.value for piece in pieces]
    low, span = min(values), (max(values) - min(values)) or 1.0
    first, last = pieces[0].at_us, pieces[-1].at_us
    return " ".join(
        f"{2 + 156 * (each.at_us - first) / max(last - first, 1):.1f},{30 - 28 * (each.value - low) / span:.1f}"
        for each in pieces
    )


def conventions() -> str:
    """Whose the numbers are that a trend turns on."""
    return (
        f"Ours: a trend needs {LEAST_PIECES} pieces of time with {LEAST_CASES} cases each, and is told where Theil and "
        f"Sen's slope differs from none with {SURE:.0%} confidence. Cases count as independent."
    )


def _safe(watch: Watch) -> Watch:
    from advisor.present.diagnosis.record_check import safe

    check = safe(watch.check)
    by_subject = {each.subject: each for each in check.checks}
    return replace(
        watch,
        check=check,
        versions=tuple(map(masked, watch.versions)),
        monitors=tuple(replace(each, check=by_subject[each.check.subject]) for each in watch.monitors),
        found=tuple(
            replace(
                each, said=masked(each.said), evidence=tuple(replace(r, text=masked(r.text)) for r in each.evidence)
            )
            for each in watch.found
        ),
    )


def _draw(console: Console, watch: Watch) -> None:
    from rich.padding import Padding
    from rich.text import Text

    def say(text: str, indent: int = 2, style: str = "") -> None:
        console.print(Padding(Text(printable(text), style=style), (0, 0, 0, indent)))

    def heading(text: str) -> None:
        console.print()
        console.print(Text(text, style="bold cyan"))

    console.print(Text.assemble((printable(watch.check.title), "bold"), f": {status(watch)}"))
    say(ground(watch), 0, "dim")
    say(headline(watch.check), 0)
    if text := revised(watch.check):
        say(f"If the logs are right, the decision becomes: {text}.", 0, "bold")
    for late in watch.lapsed:
        say(f"Lapsed: {overdue(late)}", 0, "bold red")
    for seen in watch.found:
        said = (f"{seen.signature} ({seen.verdict})", "bold red")
        console.print(Text.assemble(said, f", {HOW[seen.how]}: ", printable(seen.said)))
        for row in seen.evidence:
            say(f"{row.file}:{row.line}  {row.text}", 4)
    for verdict in ("contradicted", "strained", "holds"):
        mine = [each for each in watch.monitors if each.check.verdict == verdict]
        if mine:
            heading(f"{VERDICTS[verdict].capitalize()}: {MEANING[verdict]}")
        for each in mine:
            _monitor(console, each, _STYLE[verdict])
    hidden = [each for each in watch.monitors if each.check.verdict == "not_observable"]
    if hidden:
        heading(f"Not observable: {MEANING['not_observable']}")
    for each in hidden:
        _monitor(console, each, "dim")
    console.print()
    say(f"{conventions()} Knowledge {watch.check.knowledge_version}.", 0, "dim")


def _monitor(console: Console, each: Monitor, style: str) -> None:
    """One statement; where it holds its numbers say what was seen."""
    from rich.padding import Padding
    from rich.text import Text

    def say(text: Text | str, indent: int = 2, style: str = "") -> None:
        console.print(Padding(Text(printable(text), style=style) if isinstance(text, str) else text, (0, 0, 0, indent)))

    check, off = each.check, each.check.verdict in ("contradicted", "strained")
    seen = check.observed if off or not each.measures else ""
    said = check.reason or check.observed if check.verdict == "not_observable" else seen
    console.print(Text.assemble((printable(title_of(check)), style), ": " if said else "", printable(said)))
    if check.verdict == "not_observable":
        return
    for measured in each.measures:
        text = Text(printable(told(measured)))
        text.append(f" {spark(measured.trend)}", style="cyan")
        say(text)
    if check.reason:
        say(f"{'Why' if off else 'But'}: {check.reason}.", style="dim")
    for row in check.evidence[:2] if off else ():
        say(f"{row.file}:{row.line}  {row.text}", 4)
