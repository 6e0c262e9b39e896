"""A judgement in each format: totals first, then the cases that matter, then how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.diagnosis.judge.judgement import Case, Judgement
from advisor.errors import printable
from advisor.present.json_text import json_text

# In the order of what a reader should see first; what passes comes last, and is only counted.
MEANING: Mapping[str, str] = {
    "functional": "fails on both versions: apply the failure signatures to its trace",
    "replay_divergence": "fails on the current version only: find the consumer, verifier or model that differs",
    "variance": "passes now and then: tighten the boundary, and raise the trials",
    "mixed": "fails now and then on the current version: variance, intermittent",
    "prior_only": "fails on the prior version only: the original failure was variance",
    "undetermined": "not decided: verifiers that disagree, a version that is gone, or too few replays",
    "insufficient_trials": "too few trials to say",
    "infrastructure": "no trial of the model is left",
    "not_failing": "passes every trial on the current version",
}
ORDER = list(MEANING)
SHOWN = 40


def render_judgement(judgement: Judgement, format: str, *, color: bool = False, width: int = 100) -> str:
    """The judgement as terminal text, Markdown, an HTML page or JSON (`advisor/judgement/1`)."""
    if format == "json":
        return json_text(judgement.to_json())
    if format == "terminal":
        return _terminal(judgement, color, width)
    from advisor.present.templates import environment, stylesheet

    name = "judgement.md.j2" if format == "markdown" else "judgement.html.j2"
    view = {
        "judgement": judgement,
        "totals": totals(judgement),
        "cases": notable(judgement),
        "curves": curves(judgement),
        "batch": batch_words(judgement.batch_test),
        "meaning": MEANING,
    }
    return environment().get_template(name).render(style=stylesheet(), **view)


def totals(judgement: Judgement) -> list[tuple[str, int, str]]:
    """(verdict, cases, what it means), what matters most first."""
    return [(name, judgement.totals[name], MEANING[name]) for name in ORDER if name in judgement.totals]


def notable(judgement: Judgement) -> list[Case]:
    """Every case that does not simply pass, what matters most first."""
    failing = [case for case in judgement.cases if case.verdict != "not_failing"]
    return sorted(failing, key=lambda case: (ORDER.index(case.verdict), case.p_value or 0, case.task))


def curves(judgement: Judgement) -> list[tuple[str, list[tuple[int, float, float, float, float, int]]]]:
    """For each version (k, pass^k, low, high, pass@k, tasks)."""
    return [
        (
            version,
            [
                (k, hat, *judgement.pass_k_intervals[version][k - 1], at, tasks)
                for k, (hat, at, tasks) in enumerate(
                    zip(values, judgement.pass_at_k[version], judgement.tasks_at_k[version], strict=True), 1
                )
            ],
        )
        for version, values in judgement.pass_k.items()
    ]


def batch_words(test: Mapping[str, Any]) -> str:
    """The batch test in a sentence."""
    if test["p_value"] is None:
        return "The batch cannot be tested: no case has trials on both versions."
    name = {"mcnemar": "exact McNemar", "permutation": "exact permutation inside cases"}.get(test["test"], test["test"])
    worse = "worse" if test["effect"] > 0 else "better" if test["effect"] < 0 else "the same"
    said = (
        f"Over {test['cases']} cases the current version is {worse} by {abs(test['effect']) * 100:.1f} points "
        f"({name}, two-sided p = {test['p_value']:.3g})."
    )
    apart = test.get("without_clusters")
    if apart and apart["p_value"] is not None:
        said += f" Without the cases of one cause: {apart['effect'] * 100:+.1f} points, p = {apart['p_value']:.3g}."
    return said


def verdict_words(case: Case) -> str:
    """A case's verdict, with what qualifies it."""
    words = case.verdict.replace("_", " ")
    if case.candidate:
        words += " (candidate)"
    return f"{words} (verifier in doubt)" if case.verifier_in_doubt else words


def _terminal(judgement: Judgement, color: bool, width: int) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from advisor.present.terminal import to_text

    def table(*columns: str) -> Table:
        made = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        for column in columns:
            made.add_column(column, overflow="fold")
        return made

    def draw(console: Console) -> None:
        against = f" against {printable(judgement.prior)}" if judgement.prior else ""
        console.print(Text(f"{printable(judgement.current)}{against}: {len(judgement.cases)} cases", style="bold"))
        console.print(Text(batch_words(judgement.batch_test)))
        console.print()
        counted = table("Verdict", "Cases", "What it means")
        for name, many, meaning in totals(judgement):
            style = "bold red" if name in ("functional", "replay_divergence") else ""
            counted.add_row(Text(name.replace("_", " "), style=style), str(many), meaning)
        console.print(counted)
        cases = notable(judgement)
        if cases:
            console.print()
            shown = table("Case", "Verdict", "Current", "Prior", "p", "Why, or what is missing")
            for case in cases[:SHOWN]:
                shown.add_row(
                    printable(case.task),
                    verdict_words(case),
                    f"{case.current[0]}/{case.current[1]}",
                    f"{case.prior[0]}/{case.prior[1]}",
                    "" if case.p_value is None else f"{case.p_value:.3f}",
                    case.reason or (f"{case.more_trials_needed} more trials" if case.more_trials_needed else ""),
                )
            console.print(shown)
            if len(cases) > SHOWN:
                console.print(Text(f"and {len(cases) - SHOWN} more; --format json has them all", style="dim"))
        if judgement.clusters:
            console.print()
            console.print(Text("Failures with one cause", style="bold cyan"))
            for cluster in judgement.clusters[:12]:
                where = f", one {' and one '.join(cluster.contiguous)}" if cluster.contiguous else ""
                whose = "infrastructure, " if cluster.infrastructure else ""
                said = f"{whose}{cluster.kind}: {cluster.trials} trials in {len(cluster.tasks)} cases{where}"
                console.print(Text(f"{said}  {printable(cluster.text)}"))
        for version, rows in curves(judgement):
            console.print()
            console.print(Text(f"pass^k of {printable(version)}", style="bold cyan"))
            curve = table("k", "pass^k", "95 %", "pass@k", "tasks")
            for k, hat, low, high, at, tasks in rows[:12]:
                curve.add_row(str(k), f"{hat:.3f}", f"{low:.3f} to {high:.3f}", f"{at:.3f}", str(tasks))
            console.print(curve)
        console.print()
        for remark in judgement.remarks:
            console.print(Text(remark, style="dim"))

    return to_text(draw, color=color, width=width)
