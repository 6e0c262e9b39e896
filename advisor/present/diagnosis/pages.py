"""A diagnosis as one self-contained page, and as Markdown; nothing of a log is markup in either."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any

from markupsafe import Markup

from advisor.catalog.files import data_room
from advisor.diagnosis.findings import Diagnosis, Finding
from advisor.present.diagnosis import timeline, words
from advisor.present.templates import environment, stylesheet


def html(diagnosis: Diagnosis) -> str:
    """The page: it loads nothing, and the only script that its policy lets run is its own, by its hash."""
    script = (data_room("reports") / "diagnosis.js").read_text(encoding="utf-8")
    style = stylesheet() + Markup((data_room("reports") / "diagnosis.css").read_text(encoding="utf-8"))
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    loud = words.loud(diagnosis)
    # The drawings are built by timeline.py, which escapes every word of a log; the script is ours.
    drawings = {
        "evidence": _markup(timeline.evidence(loud, "t-all")),
        "versions": _markup(timeline.versions(diagnosis.versions, "t-versions")),
    }
    return (
        environment()
        .get_template("diagnosis.html.j2")
        .render(
            **_view(diagnosis),
            threads={f.signature: _threads(f) for f in loud},
            drawings=drawings,
            style=style,
            script=Markup(script),
            digest=digest,
        )
    )


def markdown(diagnosis: Diagnosis) -> str:
    """The same as a document."""
    return environment().get_template("diagnosis.md.j2").render(**_view(diagnosis))


def _view(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "diagnosis": diagnosis,
        "shown": words.shown(diagnosis),
        "loud": words.loud(diagnosis),
        "quiet": words.quiet(diagnosis),
        "inventory": diagnosis.inventory,
        "say": words,
    }


def _threads(finding: Finding) -> tuple[str, Markup] | None:
    drawn = timeline.threads(finding, f"t-{finding.signature}")
    return (drawn[0], Markup(drawn[1])) if drawn else None


def _markup(svg: str | None) -> Markup | None:
    return Markup(svg) if svg else None
