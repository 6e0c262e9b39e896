"""Why each pattern was chosen and why not: sentences made of the predicates that fired and those that did not."""

from __future__ import annotations

from advisor.catalog.load import Catalog
from advisor.catalog.models import PLANES, Plane, Rule
from advisor.selection import steps
from advisor.selection.decision import Decision
from advisor.selection.facets import Facet, Facets, Given

SPINE_ROWS = {
    "all-three": "it pauses, what it knows at a pause cannot be rebuilt, and the world changes meanwhile",
    "cost-question": "it pauses and what it knows cannot be rebuilt, but the world holds still: a cost question",
    "no-pauses": "what it knows cannot be rebuilt, but no pause is long: a replayable log is enough",
    "event-stream": "what it knows can be rebuilt, and an authoritative event stream already exists to rebuild it from",
    "reconstruct": "what it knows can be rebuilt from the input, and no event stream exists: reconstruct on demand",
}


def fired(rule: Rule, given: Given) -> bool | None:
    """Whether a predicate fires; None where an unknown answer decides that."""
    answers = {q: given[q] for q in rule.ids}
    if any(answers[q] == "yes" for q in rule.none) or any(answers[q] in {"no", "partly"} for q in rule.all):
        return False
    if rule.any and all(answers[q] in {"no", "partly"} for q in rule.any):
        return False
    open_any = bool(rule.any) and not any(answers[q] == "yes" for q in rule.any)
    open_rest = any(answers[q] == "unknown" for q in (*rule.all, *rule.none))
    return None if open_any or open_rest else True


def pattern_reasons(
    catalog: Catalog, facets: Facets, given: Given, decision: Decision
) -> tuple[dict[str, str], dict[str, str]]:
    """For every current pattern one sentence: (why chosen, why not), each by pattern id."""
    why: dict[str, str] = {}
    why_not: dict[str, str] = {}
    for name, pattern in catalog.patterns.items():
        if pattern.status != "current":
            continue
        if pattern.concern == "State":
            (why if decision.spine == name else why_not)[name] = _spine_reason(name, facets, given, decision)
        elif name in (*decision.coordination, *decision.control):
            why[name] = _sentence(_fragments(catalog, name, given, True)) or _brought_by_plane(catalog, decision)
        elif facets[name].possible(given) != {False}:
            why_not[name] = f"Not decided: it depends on {_open(facets[name], given)}."
        else:
            why_not[name] = _why_not(catalog, name, given)
    return why, why_not


def spine_row(facets: Facets, given: Given) -> str | None:
    """The row of the S1-S4 table that every completion of the unknowns reaches; None where they differ."""
    from itertools import product

    from advisor.selection.facets import completions_of, decided

    questions = facets["spine"].questions
    options = [completions_of(q) if given[q] == "unknown" else (decided(given[q]),) for q in questions]
    rows = {steps.spine(dict(zip(questions, row, strict=True))).row for row in product(*options)}
    return rows.pop() if len(rows) == 1 else None


def _spine_reason(name: str, facets: Facets, given: Given, decision: Decision) -> str:
    row = spine_row(facets, given)
    if decision.spine == "undetermined":
        return f"Not decided: it depends on {_open(facets['spine'], given)}."
    reason = SPINE_ROWS[row] if row else "every way the unknowns can turn out leads there"
    if decision.spine == name:
        return _sentence([reason])
    if name in decision.spine_alternatives:
        return f"The other side of the cost question: {reason}."
    return f"The spine is {decision.spine}: {reason}."


def _fragments(catalog: Catalog, name: str, given: Given, wanted: bool) -> list[str]:
    rule = catalog.patterns[name].chosen_when or Rule()
    return [
        (catalog.predicates[p].fires if wanted else catalog.predicates[p].fails)
        for p in (*rule.all, *rule.any)
        if fired(catalog.predicates[p], given) is wanted
    ]


def _why_not(catalog: Catalog, name: str, given: Given) -> str:
    rule = catalog.patterns[name].chosen_when or Rule()
    exempt = [catalog.predicates[p].fires for p in rule.none if fired(catalog.predicates[p], given)]
    return _sentence(exempt or _fragments(catalog, name, given, False))


def _brought_by_plane(catalog: Catalog, decision: Decision) -> str:
    called = [plane for plane in PLANES if decision.planes[plane] in {"v1", "deferred"}]
    names = ", ".join(catalog.patterns["P6"].planes[plane].title.lower() for plane in called)
    return (
        f"A control plane that is called for brings it: {names}."
        if names
        else "Every completion of the unknowns calls a plane."
    )


def plane_reason(plane: Plane, catalog: Catalog, facets: Facets, given: Given) -> str:
    """Why a plane is called for, or not, or what decides it."""
    rule = catalog.patterns["P6"].planes[plane].called_for
    possible = facets[plane].possible(given)
    if possible == {True}:
        firing = [catalog.predicates[p].fires for p in (*rule.all, *rule.any) if fired(catalog.predicates[p], given)]
        return _sentence(firing) or "Every completion of the unknowns calls for it."
    if len(possible) > 1:
        return f"Depends on {_open(facets[plane], given)}."
    if any(fired(catalog.predicates[p], given) for p in rule.none):
        return "A person already decides on every action; a second queue would be circular."
    return _sentence([catalog.predicates[p].fails for p in (*rule.all, *rule.any)])


def _open(facet: Facet, given: Given) -> str:
    """The unknown answers that can still change what a facet shows."""
    return ", ".join(q for q in facet.questions if given[q] == "unknown" and facet.reads(q, given) is not None)


def _sentence(fragments: list[str]) -> str:
    if not fragments:
        return ""
    text = "; ".join(fragment.rstrip(".") for fragment in fragments)
    return f"{text[0].upper()}{text[1:]}."
