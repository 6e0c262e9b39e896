"""The register of JSON shapes: what leaves the tool and what people write for it, each with its JSON Schema."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from advisor.catalog.answers import AnswersFile
from advisor.catalog.settings import SettingsFile
from advisor.diagnosis.judge import Judgement
from advisor.diagnosis.reliability import Reliability
from advisor.loop.baseline import Baseline
from advisor.loop.bundle import Manifest
from advisor.loop.verification import Verification
from advisor.present import shapes
from advisor.present.catalog_list import CatalogDocument
from advisor.present.diagnosis.document import DiagnosisDocument
from advisor.present.explanation import ExplanationDocument
from advisor.replay.plan import Plan
from advisor.selection import DecisionRecord
from advisor.selection.comparison import Comparison
from advisor.traces.mapping import LogMapping

LEAVING: tuple[tuple[type[BaseModel], str], ...] = (
    (DecisionRecord, "`advisor recommend`"),
    (Comparison, "`advisor recommend --against`"),
    (DiagnosisDocument, "`advisor diagnose`, also with `--ask`; `sarif` and `junit` are shapes of others"),
    (shapes.RecordCheckDocument, "`record` in a diagnosis with `--record`"),
    (shapes.MatchDocument, "`advisor diagnose --text`"),
    (shapes.StoryDocument, "`advisor diagnose --request`"),
    (shapes.GainsDocument, "`advisor diagnose --check-mapping`"),
    (shapes.GuessedKindsDocument, "`advisor diagnose --explain-mapping`"),
    (Judgement, "`advisor judge`, `advisor replay`"),
    (Reliability, "`advisor diagnose --outcomes`; `reliability` in a diagnosis"),
    (shapes.WatchDocument, "`advisor watch`"),
    (Verification, "`advisor verify`"),
    (Manifest, "`manifest.json` in a bundle"),
    (ExplanationDocument, "`advisor explain`"),
    (CatalogDocument, "`advisor catalog`"),
    (shapes.QuestionsDocument, "the tool `questions` of `advisor mcp`"),
    (shapes.ScaffoldDocument, "the tool `scaffold` of `advisor mcp`"),
)
"""Every shape that the tool prints, and who prints it."""
WRITTEN: tuple[tuple[str, type[BaseModel], str], ...] = (
    ("answers-1", AnswersFile, "answers: `advisor recommend`, `scaffold`, `watch`"),
    ("mapping-1", LogMapping, "a mapping: `advisor diagnose --mapping`"),
    ("baseline-1", Baseline, "a baseline: `advisor diagnose --baseline`"),
    ("plan-1", Plan, "a plan: `advisor replay`"),
    ("settings", SettingsFile, "`advisor.toml`, and `[tool.advisor]` of `pyproject.toml`"),
)
"""Every file that people write (TOML), and who reads it."""


class _Printed(GenerateJsonSchema):
    """What is printed has every field, those with a default too."""

    def field_is_required(self, *_: Any, **__: Any) -> bool:
        return True


def schemas() -> dict[str, tuple[dict[str, Any], str]]:
    """By name, such as `record-1`: the JSON Schema (2020-12), and who prints or reads the shape."""
    dialect = {"$schema": GenerateJsonSchema.schema_dialect}
    printed = {
        name_of(model): (model.model_json_schema(mode="serialization", schema_generator=_Printed), who)
        for model, who in LEAVING
    }
    given = {name: (model.model_json_schema(), who) for name, model, who in WRITTEN}
    return {name: (dialect | schema, who) for name, (schema, who) in (printed | given).items()}


def name_of(model: type[BaseModel]) -> str:
    """The name of a shape that leaves the tool: `record-1` for `advisor/record/1`."""
    _, name, version = str(model.model_fields["schema_"].default).split("/")
    return f"{name}-{version}"
