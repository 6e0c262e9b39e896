"""Reliability over time in each format."""

from __future__ import annotations

from advisor.diagnosis.reliability import Reliability
from advisor.errors import printable
from advisor.present.json_text import json_text


def render_reliability(found: Reliability, format: str, *, color: bool = False, width: int = 100) -> str:
    """The result as terminal text, Markdown, an HTML page with its chart, or JSON (`advisor/reliability/1`)."""
    if format == "json":
        return json_text(found.to_json())
    if format == "terminal":
        return _terminal(found, color, width)
    from markupsafe import Markup

    from advisor.present.chart import svg
    from advisor.present.templates import environment, stylesheet

    name = "reliability.md.j2" if format == "markdown" else "reliability.html.j2"
    # Built by chart.py, which escapes every word that came from a user.
    view = {"lines": sentences(found), "chart": Markup(svg(found)), "style": stylesheet()}
    return environment().get_template(name).render(found=found, **view)


def sentences(found: Reliability) -> list[str]:
    """What was found, a sentence each, what matters most first."""
    said = [f"{found.rate:.1%} of {found.trials} trials passed over {found.days} days from {found.first_day}."]
    if found.slope is not None and found.interval is not None:
        low, high = found.interval
        said.append(
            f"Reliability is {found.verdict}: {found.slope:+.2f} points per 30 days "
            f"(95 % {low:+.2f} to {high:+.2f}), after version steps, errors clustered by day."
        )
        said.append(
            f"Robust check, which knows of no versions (Theil-Sen): {found.robust_slope:+.2f} points per 30 days."
        )
    else:
        said.append("Not enough data to speak of a slope.")
    for step in found.steps:
        if step.points is not None and step.interval is not None:
            low, high = step.interval
            said.append(f"{step.version}, from day {step.day}: {step.points:+.2f} points ({low:+.2f} to {high:+.2f}).")
    if found.change:
        near = f", when {found.change.version} began" if found.change.version else ", at no version boundary"
        said.append(
            f"The best single change point is day {found.change.day}{near}: {found.change.points:+.1f} points "
            f"(p = {found.change.p_value:.3f}, blocks of seven days permuted)."
        )
    if found.sigma:
        low, high = found.sigma.interval
        said.append(
            f"Repeated trials vary with p(1 - p) = {found.sigma.variance:.3f} ({low:.3f} to {high:.3f}) "
            f"over {found.sigma.inputs} inputs."
        )
    return said


def _terminal(found: Reliability, color: bool, width: int) -> str:
    from rich.console import Console
    from rich.text import Text

    from advisor.present.terminal import to_text

    def draw(console: Console) -> None:
        console.print(Text(f"Reliability: {found.verdict}", style="bold red" if found.verdict == "falling" else "bold"))
        for line in sentences(found):
            console.print(Text(printable(line)))
        console.print()
        for remark in found.remarks:
            console.print(Text(printable(remark), style="dim"))

    return to_text(draw, color=color, width=width)
