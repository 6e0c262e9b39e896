"""A record as Markdown that is a valid MADR 4 document, with the composition as a Mermaid diagram."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.catalog.load import Catalog, shipped
from advisor.present import diagram, words
from advisor.present.templates import environment
from advisor.selection.record import DecisionRecord
from advisor.selection.to_watch import to_watch


def render(records: Sequence[DecisionRecord]) -> str:
    """One record whole; several as a table and then each record."""
    catalog = shipped()
    parts = []
    if len(records) > 1:
        parts.append(environment().get_template("side-by-side.md.j2").render(records=records))
    single = environment().get_template("record.md.j2")
    for record in records:
        parts.append(
            single.render(
                record=record,
                catalog=catalog,
                options=options(record),
                chosen=words.composition(record.decision),
                flips=words.grouped_flips([f for f in record.flips if f.from_ != "unknown"]),
                watched=to_watch(record, catalog),
                mermaid=diagram.mermaid(record, catalog),
                pros=pros_and_cons(record, catalog),
                front_matter=len(records) == 1,
            )
        )
    return "\n".join(parts)


def options(record: DecisionRecord) -> list[str]:
    """The considered options: the decision, then the same with each other spine."""
    decision = record.decision
    others = [name for name in ("P5", "P3", "none") if name != decision.spine]
    return [words.composition(decision)] + [words.composition(decision.model_copy(update={"spine": n})) for n in others]


def pros_and_cons(record: DecisionRecord, catalog: Catalog) -> list[tuple[str, list[str], list[str]]]:
    """For each option of `options`: (option, good because, bad because), by its spine's entry in the catalog."""
    spines = [record.decision.spine, *(n for n in ("P5", "P3", "none") if n != record.decision.spine)]
    rows = []
    for option, spine in zip(options(record), spines, strict=True):
        if spine in catalog.patterns:
            pattern = catalog.patterns[spine]
            rows.append((option, list(pattern.use_when), list(pattern.do_not_use_when)))
        elif spine == "none":
            good = ["nothing durable has to be built, migrated or kept consistent"]
            rows.append((option, good, ["something is lost at a crash or pause that the input does not hold"]))
        else:
            good = ["nothing should be built before the answers are known"]
            rows.append((option, good, ["work has to begin: the spine is the dearest part to move later"]))
    return rows
