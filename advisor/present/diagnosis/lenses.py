"""The lenses as they are read: figures with their units, small tables, and the share of rows that they rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from advisor.diagnosis.durations import span
from advisor.present.diagnosis import words

_TITLES: Mapping[str, str] = {
    "operational": "Operational lens: latency, load, errors, retries",
    "business": "Business lens: what became of the requests",
    "compliance": "Compliance lens: who decided what, under which versions",
}
# What a coverage figure is a share of.
_COVERED: Mapping[str, str] = {
    "duration_ms": "a duration on {} of steps",
    "status": "a status on {} of steps",
    "attempt": "an attempt number on {} of steps",
    "request_id": "a request id on {} of rows",
    "outcome": "an outcome for {} of requests",
    "policy_version_per_decision": "a policy version on {} of decisions",
    "source_per_decision": "who decided on {} of decisions",
    "model_version_per_call": "a model version on {} of model calls",
    "prompt_version_per_call": "a prompt version on {} of model calls",
    "proposal_per_commit": "a proposal on {} of commits",
    "verification_per_commit": "a verification on {} of commits",
}
_WHAT: Mapping[str, str] = {"request": "whole request", "llm_call": "model call"}


class Small(NamedTuple):
    """A small table: its caption, and rows with equal keys."""

    caption: str
    rows: tuple[Mapping[str, Any], ...]


class Lens(NamedTuple):
    """One lens: its title, its figures as (name, text), its tables, and its coverage in one sentence."""

    title: str
    figures: tuple[tuple[str, str], ...]
    tables: tuple[Small, ...]
    coverage: str


def views(lenses: Mapping[str, Any]) -> list[Lens]:
    """The lenses that have something to show; a figure without rows is left out."""
    made = []
    for name, given in lenses.items():
        lens = given if isinstance(given, Mapping) else {"": given}
        covered = _coverage(lens.get("coverage"))
        rest = {key: value for key, value in lens.items() if key != "coverage"}
        parts = list(_SHOWN.get(name, _any)(rest))
        figures = tuple(part for part in parts if not isinstance(part, Small))
        tables = tuple(part for part in parts if isinstance(part, Small))
        if figures or tables or covered:
            made.append(Lens(_TITLES.get(name, f"Lens: {name}"), figures, tables, covered))
    return made


def share(value: float) -> str:
    """A share in per cent; only all is 100 % and only none is 0 %."""
    if 0 < value < 0.001:
        return "under 0.1 %"
    if 0.999 < value < 1:
        return "over 99.9 %"
    return f"{value * 100:.1f}".removesuffix(".0") + " %"


def _coverage(given: Any) -> str:
    known = given if isinstance(given, Mapping) else {}
    said = [
        _COVERED.get(str(name), f"{words.header(str(name))} on {{}}").format(share(value))
        for name, value in known.items()
        if isinstance(value, (int, float))
    ]
    return f"Coverage: {', '.join(said)}." if said else ""


_Part = tuple[str, str] | Small


def _operational(lens: Mapping[str, Any]) -> Iterator[_Part]:
    latency = [
        {
            "Step": _WHAT.get(what, what.replace("_", " ")),
            "Timed": each["n"],
            "Half within": span(each["p50"] * 1000),
            "95 % within": span(each["p95"] * 1000),
        }
        for what, each in lens.get("latency_ms", {}).items()
        if each["p50"] is not None and each["p95"] is not None
    ]
    if latency:
        yield Small("Latency", tuple(latency))
    if most := lens.get("most_requests_open"):
        yield "Open at once", f"at most {words.number(most, 'request')}"
    for name, of in (("error_rate", "steps with a status"), ("retry_rate", "steps with an attempt number")):
        if (value := lens.get(name)) is not None:
            yield words.header(name).capitalize(), f"{share(value)} of {of}"
    if throttled := lens.get("throttled"):
        yield "Throttled", words.number(throttled, "time")
    if (waiting := lens.get("approvals_waiting", 0)) > 0:
        yield "Approvals without an answer", words.number(waiting, "approval")


def _business(lens: Mapping[str, Any]) -> Iterator[_Part]:
    funnel: Mapping[str, int] = lens.get("funnel", {})
    opened = funnel.get("opened", 0)
    named: Sequence[str] = lens.get("stages_named_by_user", ())
    reached = [
        {
            "Stage": f"{stage} (your states)" if stage in named else stage,
            "Requests": many,
            "Of opened": share(many / opened) if opened else "",
        }
        for stage, many in funnel.items()
        if many
    ]
    if reached:
        yield Small("Requests that reached a stage", tuple(reached))
        if silent := [stage for stage, many in funnel.items() if not many]:
            yield "No request seen", ", ".join(silent)


def _compliance(lens: Mapping[str, Any]) -> Iterator[_Part]:
    if sources := lens.get("decisions_by"):
        yield "Decisions by", ", ".join(f"{source} {many:,}" for source, many in sources.items())
    if (whole := lens.get("requests_with_whole_lineage")) is not None:
        yield "Whole lineage", f"{share(whole)} of requests with commits name proposal and verification at each"
    content: Mapping[str, Any] = lens.get("redaction", {})
    if texts := content.get("rows_with_content"):
        said = f"{content['status']}: {content['rows_with_personal_data']:,} of {words.number(texts, 'row')} with text"
        yield "Personal data or keys", said


def _any(lens: Mapping[str, Any]) -> Iterator[_Part]:
    """A lens that this page knows nothing of."""
    for key, value in lens.items():
        yield words.header(str(key)), words.cell(str(key), value)


_SHOWN = {"operational": _operational, "business": _business, "compliance": _compliance}
