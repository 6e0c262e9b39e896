"""What reports in prose were matched to, in each format."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.diagnosis.text import Candidate, Match
from advisor.diagnosis.text.reading import Report
from advisor.errors import printable
from advisor.present.json_text import json_text

SCOPES = {
    "in": "of the runtime",
    "infrastructure": "of the infrastructure: no pattern is at fault",
    "inside-model": "inside the model: no pattern is at fault",
    "undecided": "undecided: too little was said",
}


def render_matches(
    reports: Sequence[Report], matches: Sequence[Match], format: str, *, color: bool = False, width: int = 100
) -> str:
    """The matches in the reports' order; JSON (`advisor/match/1`) is one object for one, a list for several."""
    if format == "json":
        documents = [match.to_dict() for match in matches]
        return json_text(documents[0] if len(documents) == 1 else documents)
    if format == "terminal":
        return _terminal(reports, matches, color, width)
    from advisor.present.templates import environment, stylesheet

    name = "matches.md.j2" if format == "markdown" else "matches.html.j2"
    pairs = list(zip(reports, matches, strict=True))
    return environment().get_template(name).render(pairs=pairs, scopes=SCOPES, names=named, style=stylesheet())


def named(candidate: Candidate) -> str:
    """A candidate in a phrase: pattern, signature, boundary part."""
    parts = [candidate.pattern, candidate.signature, candidate.sdb_part]
    return ", ".join(part for part in parts if part)


def _terminal(reports: Sequence[Report], matches: Sequence[Match], color: bool, width: int) -> str:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from advisor.present.terminal import to_text

    def draw(console: Console) -> None:
        for report, match in zip(reports, matches, strict=True):
            console.print(Text(printable(report.title or report.place), style="bold"))
            console.print(Text(f"Scope: {SCOPES[match.scope]}", style="" if match.scope == "in" else "yellow"))
            if match.because:
                console.print(
                    Padding(Text(printable(f"because of: {'; '.join(match.because)}"), style="dim"), (0, 0, 0, 2))
                )
            shown = match.candidates if not match.abstained else ()
            for number, candidate in enumerate(shown, 1):
                console.print(Text(f"{number}. {named(candidate)}"))
                said = "; ".join(candidate.because)
                console.print(Padding(Text(printable(f"because of: {said}"), style="dim"), (0, 0, 0, 3)))
            console.print()
        console.print(Text("Words suggest, logs show. `advisor explain ID` explains any id above.", style="dim"))

    return to_text(draw, color=color, width=width)
