"""A diagnosis as one self-contained page, and as Markdown; nothing of a log is markup in either."""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from advisor.catalog.files import data_room
from advisor.diagnosis.findings import Diagnosis, Finding
from advisor.present.diagnosis import intake, lenses, timeline, words
from advisor.present.templates import environment, stylesheet

if TYPE_CHECKING:
    from advisor.loop.evidence.check import RecordCheck


def html(diagnosis: Diagnosis, check: RecordCheck | None = None) -> str:
    """The page: it loads nothing, and the only script that its policy lets run is its own, by its hash."""
    script = (data_room("reports") / "diagnosis.js").read_text(encoding="utf-8")
    style = stylesheet() + Markup((data_room("reports") / "diagnosis.css").read_text(encoding="utf-8"))
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    loud = words.loud(diagnosis)
    # The drawings are built by timeline.py, which escapes every word of a log; the script is ours.
    drawings = {
        "evidence": _markup(timeline.evidence(loud, "t-all")),
        "reliability": _chart(diagnosis),
        "versions": _markup(timeline.versions(diagnosis.versions, "t-versions")),
    }
    return (
        environment()
        .get_template("diagnosis.html.j2")
        .render(
            **_view(diagnosis, check, "html"),
            threads={f.signature: _threads(f) for f in loud},
            drawings=drawings,
            style=style,
            script=Markup(script),
            digest=digest,
        )
    )


def markdown(diagnosis: Diagnosis, check: RecordCheck | None = None) -> str:
    """The same as a document."""
    text = environment().get_template("diagnosis.md.j2").render(**_view(diagnosis, check, "markdown"))
    return re.sub(r"\n{3,}", "\n\n", text)


def _view(diagnosis: Diagnosis, check: RecordCheck | None, format: str) -> dict[str, Any]:
    from advisor.present.diagnosis.record_check import first_line, render_record_check

    # What the section says is escaped where it is made, and secrets were masked before.
    section = Markup(render_record_check(check, format, redact=False)) if check else None
    return {
        "record": section,
        "record_line": first_line(check) if check else "",
        "trend": _trend(diagnosis),
        "lenses": lenses.views(diagnosis.lenses),
        "intake": intake.intake(diagnosis.inventory),
        "remarks": intake.remarks(diagnosis.inventory),
        "some": intake.some,
        "diagnosis": diagnosis,
        "shown": words.shown(diagnosis),
        "loud": words.loud(diagnosis),
        "checked": words.quiet(diagnosis)[0],
        "unchecked": words.quiet(diagnosis)[1],
        "inventory": diagnosis.inventory,
        "say": words,
    }


def _trend(diagnosis: Diagnosis) -> list[str]:
    if diagnosis.reliability is None:
        return []
    from advisor.present.reliability import sentences

    return sentences(diagnosis.reliability)


def _chart(diagnosis: Diagnosis) -> Markup | None:
    if diagnosis.reliability is None:
        return None
    from advisor.present.chart import svg

    # Built by chart.py, which escapes every word of a log.
    return Markup(svg(diagnosis.reliability))


def _threads(finding: Finding) -> tuple[str, Markup] | None:
    drawn = timeline.threads(finding, f"t-{finding.signature}")
    return (drawn[0], Markup(drawn[1])) if drawn else None


def _markup(svg: str | None) -> Markup | None:
    return Markup(svg) if svg else None
