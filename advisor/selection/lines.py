"""The six lines of the record in Table 2's order: step, pattern, predicate, signature if wrong (section 4.6)."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.catalog.answers import AnswersFile
from advisor.catalog.load import Catalog
from advisor.catalog.models import Frozen
from advisor.selection.decision import Decision
from advisor.selection.facets import Facets, Given
from advisor.selection.reasons import SPINE_ROWS, fired, spine_row

# Table 2 names a consequence for lines that hold no pattern; these entries would show it (our reading).
_IF_WRONG: Mapping[tuple[str, str], str] = {
    ("runtime_class", "any"): "P1-shadow-retries",
    ("spine", "none"): "P5-unrestorable-state",
    ("coordination", "none"): "SDB-loop-without-progress",
    ("control", "none"): "SDB-unverified-commit",
    ("sequence", "any"): "SDB-id-coverage",
    ("date", "any"): "SDB-model-dependent-verifier",
}


class Expected(Frozen):
    """The catalog entry to expect in production if a line is wrong; `id` is null where the line is undetermined."""

    id: str | None
    text: str


class Line(Frozen):
    """One line of the record. `if_wrong` holds the answers file's own words, shown beside the computed signature."""

    step: str
    pattern: str
    predicate: str
    signature_if_wrong: Expected
    if_wrong: str | None


def lines_of(catalog: Catalog, facets: Facets, given: Given, file: AnswersFile, decision: Decision) -> tuple[Line, ...]:
    """The six lines: runtime_class, spine, coordination, control, sequence, date."""
    said = {str(key): value for key, value in file.if_wrong.items()}

    def line(step: str, pattern: str, predicate: str, signature: str | None) -> Line:
        return Line(
            step=step,
            pattern=pattern,
            predicate=predicate,
            signature_if_wrong=_expected(catalog, signature),
            if_wrong=said.get(step),
        )

    stamp = ", ".join(each for each in (file.record.date, file.record.model_version) if each)
    return (
        line(
            "runtime_class",
            decision.runtime_class,
            _class_words(given, decision),
            _IF_WRONG["runtime_class", "any"],
        ),
        line(
            "spine",
            _spine_words(decision),
            _spine_predicate(facets, given),
            _spine_signature(catalog, decision),
        ),
        line(
            "coordination",
            _names(catalog, facets, given, decision.coordination, ("P1", "P2")),
            _predicate_words(catalog, given, ("P1", "P2")),
            _signature(catalog, facets, given, "coordination", ("P1", "P2"), decision.coordination),
        ),
        line(
            "control",
            _names(catalog, facets, given, decision.control, ("P4", "P6"), decision.p6_level),
            _predicate_words(catalog, given, ("P4", "P6")),
            _signature(catalog, facets, given, "control", ("P6", "P4"), decision.control),
        ),
        line("sequence", "console first", "observability precedes the agent", _IF_WRONG["sequence", "any"]),
        line(
            "date",
            stamp or "not stamped",
            "the record holds for this date and model version",
            _IF_WRONG["date", "any"],
        ),
    )


def _expected(catalog: Catalog, signature: str | None) -> Expected:
    if signature is None:
        return Expected(id=None, text="not known while the line is undetermined")
    entry = catalog.signatures.get(signature) or catalog.weaknesses[signature]
    return Expected(id=signature, text=entry.symptom)


def _class_words(given: Given, decision: Decision) -> str:
    if decision.runtime_class == "undetermined":
        return "the duration of one unit of work is not settled"
    waits = given["pauses_or_external_waits"] == "yes"
    unit = f"one unit of work lasts {given['duration']}" if given["duration"] != "unknown" else "duration unknown"
    return f"{unit}, with waits over an hour" if waits else unit


def _spine_words(decision: Decision) -> str:
    if decision.spine_alternatives:
        return f"{decision.spine} (or {' or '.join(decision.spine_alternatives)}: a cost question)"
    return decision.spine


def _spine_predicate(facets: Facets, given: Given) -> str:
    row = spine_row(facets, given)
    return SPINE_ROWS[row] if row else "the spine's predicates are not all answered"


def _spine_signature(catalog: Catalog, decision: Decision) -> str | None:
    if decision.spine == "undetermined":
        return None
    return _IF_WRONG["spine", "none"] if decision.spine == "none" else catalog.patterns[decision.spine].if_wrong


def _names(
    catalog: Catalog,
    facets: Facets,
    given: Given,
    certain: tuple[str, ...],
    all_: tuple[str, ...],
    level: str = "",
) -> str:
    open_ = [name for name in all_ if name not in certain and facets[name].possible(given) != {False}]
    words = [f"{name} {level}" if name == "P6" and level != "none" else name for name in certain]
    words += [f"{name}?" for name in open_]
    return " + ".join(words) or "none"


def _predicate_words(catalog: Catalog, given: Given, patterns: tuple[str, ...]) -> str:
    """Which predicates fired, of those that the concern's patterns and planes read."""
    rules = [catalog.patterns[name].chosen_when for name in patterns]
    rules += [plane.called_for for name in patterns for plane in catalog.patterns[name].planes.values()]
    ids = {p: None for rule in rules if rule for p in rule.ids}
    truth = {p: fired(catalog.predicates[p], given) for p in ids}
    firing = "; ".join(catalog.predicates[p].fires.rstrip(".") for p, fires in truth.items() if fires)
    return firing or ("its predicates are not all answered" if None in truth.values() else "no predicate fired")


def _signature(
    catalog: Catalog,
    facets: Facets,
    given: Given,
    step: str,
    order: tuple[str, ...],
    certain: tuple[str, ...],
) -> str | None:
    """The last of `order` that is chosen says what to expect; P4 before P6, P2 before P1, as in the paper's tables."""
    for name in reversed(order):
        if name in certain:
            return catalog.patterns[name].if_wrong
    settled = all(len(facets[name].possible(given)) == 1 for name in order)
    return _IF_WRONG[step, "none"] if settled else None
