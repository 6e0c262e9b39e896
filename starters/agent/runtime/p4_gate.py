"""P4, the gate: decides in code, from a versioned policy file, whether a proposed action may happen.

Every rule that names the action is evaluated and the most severe verdict wins, whatever the order of the rules: the first
failing rule alone would let a 90 % discount pass as one that merely needs approval. What no rule names is denied, and so
is an action that lacks a field a rule asks for. A rule that cannot be read stops the start, not the request.
No model is asked here: a gate that is slower than its action, or that can be talked round, is no gate.
"""

from __future__ import annotations

import math
import tomllib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERDICTS = ("allow", "approve", "escalate", "deny")
"""From the mildest to the most severe: go on, a person approves first, a person takes over, no."""

_Value = Any
_OPERATORS: dict[str, Callable[[_Value, _Value], bool]] = {
    "<": lambda found, limit: found < limit,
    "<=": lambda found, limit: found <= limit,
    ">": lambda found, limit: found > limit,
    ">=": lambda found, limit: found >= limit,
    "==": lambda found, limit: found == limit,
    "!=": lambda found, limit: found != limit,
    "in": lambda found, limit: found in limit,
    "not in": lambda found, limit: found not in limit,
}
_ORDERED = {"<", "<=", ">", ">="}
_KEYS = {"id", "action", "verdict", "field", "op", "value", "reason"}


class BadPolicy(ValueError):
    """The policy file cannot be obeyed as it is written; every fault is named."""


@dataclass(frozen=True)
class Rule:
    """When `field op value` holds for the action (or always, without a field), the verdict is at least this."""

    id: str
    action: str
    verdict: str
    field: str | None
    op: str | None
    value: Any
    reason: str


@dataclass(frozen=True)
class Decision:
    """What the gate says, under which policy, and why.

    Attributes:
        verification_id: Names this decision; the commit carries it.
        verdict: One of `VERDICTS`.
        code: A stable word for programs.
        reason: A sentence for the model and for people.
        rule: The rule that decided, None when none did.
        policy_version: The version of the policy file.
    """

    verification_id: str
    verdict: str
    code: str
    reason: str
    rule: str | None
    policy_version: str


class Gate:
    """A policy, ready to decide.

    Args:
        version: The policy's version, recorded with every decision.
        rules: Its rules.
        default: The verdict on an action that no rule names: `deny`, or `allow` where the record has no gate.
    """

    def __init__(self, version: str, rules: tuple[Rule, ...], default: str = "deny") -> None:
        self.version, self.rules, self.default = version, rules, default

    def decide(self, action: str, fields: Mapping[str, Any]) -> Decision:
        """The most severe verdict of all rules that name the action."""
        named = [rule for rule in self.rules if rule.action in (action, "*")]
        if not any(rule.action == action for rule in named) and self.default == "deny":
            return self._decision("deny", "unknown_action", f"no rule names {action}", None)
        worst = self._decision(self.default if not named else "allow", "within_policy", "no rule objects", None)
        for rule in named:
            found = self._apply(rule, fields)
            if found and VERDICTS.index(found.verdict) > VERDICTS.index(worst.verdict):
                worst = found
        return worst

    def _apply(self, rule: Rule, fields: Mapping[str, Any]) -> Decision | None:
        if rule.field is None or rule.op is None:
            return self._decision(rule.verdict, rule.id, rule.reason, rule.id)
        if rule.field not in fields or fields[rule.field] is None:
            return self._decision("deny", "missing_field", f"{rule.field} is missing", rule.id)
        found = fields[rule.field]
        if not _comparable(rule.op, found, rule.value):
            return self._decision("deny", "bad_field", f"{rule.field} cannot be compared with {rule.value!r}", rule.id)
        if _OPERATORS[rule.op](found, rule.value):
            return self._decision(rule.verdict, rule.id, rule.reason, rule.id)
        return None

    def _decision(self, verdict: str, code: str, reason: str, rule: str | None) -> Decision:
        return Decision(uuid.uuid4().hex[:16], verdict, code, reason, rule, self.version)


def _comparable(op: str, found: Any, limit: Any) -> bool:
    if isinstance(found, float) and not math.isfinite(found):
        return False
    if op in _ORDERED:
        numbers = (int, float)
        both = isinstance(found, numbers) and isinstance(limit, numbers)
        flags = isinstance(found, bool) or isinstance(limit, bool)
        return (both and not flags) or (isinstance(found, str) and isinstance(limit, str))
    if op in ("in", "not in"):
        return isinstance(found, str | int | float)
    return type(found) is type(limit) or (
        not isinstance(found, bool) and not isinstance(limit, bool) and isinstance(found, int | float)
        and isinstance(limit, int | float)
    )  # fmt: skip


def load_policy(path: Path) -> Gate:
    """Reads a policy file.

    Raises:
        BadPolicy: With every fault in it.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadPolicy(f"{path}: {error}") from None
    return policy_of(table, str(path))


def policy_of(table: Mapping[str, Any], place: str = "policy") -> Gate:
    """A policy that was already read into a table.

    Raises:
        BadPolicy: With every fault in it.
    """
    faults: list[str] = []
    version, default = table.get("version"), table.get("default", "deny")
    if not isinstance(version, str) or not version:
        faults.append("version is missing")
    if default not in ("deny", "allow"):
        faults.append(f"default is {default!r}, not deny or allow")
    rules: list[Rule] = []
    for number, entry in enumerate(table.get("rule", []), 1):
        name = entry.get("id") or f"rule {number}"
        faults += [f"{name}: {fault}" for fault in _faults(entry)]
        rules.append(
            Rule(
                id=str(name),
                action=str(entry.get("action", "")),
                verdict=str(entry.get("verdict", "")),
                field=entry.get("field"),
                op=entry.get("op"),
                value=entry.get("value"),
                reason=str(entry.get("reason") or name),
            )
        )
    twice = sorted({rule.id for rule in rules if [each.id for each in rules].count(rule.id) > 1})
    faults += [f"{name}: the id is given twice" for name in twice]
    if faults:
        raise BadPolicy(f"{place}: " + "; ".join(faults))
    return Gate(str(version), tuple(rules), str(default))


def _faults(entry: Mapping[str, Any]) -> list[str]:
    faults = [f"unknown key {key}" for key in sorted(set(entry) - _KEYS)]
    faults += [f"{key} is missing" for key in ("id", "action", "verdict") if not entry.get(key)]
    if entry.get("verdict") and entry["verdict"] not in VERDICTS:
        faults.append(f"verdict {entry['verdict']!r} is none of {', '.join(VERDICTS)}")
    condition = [key for key in ("field", "op", "value") if key in entry]
    if condition and len(condition) < 3:
        faults.append("a condition needs field, op and value")
    op, value = entry.get("op"), entry.get("value")
    if op is not None and op not in _OPERATORS:
        faults.append(f"op {op!r} is none of {' '.join(_OPERATORS)}")
    if op in ("in", "not in") and not isinstance(value, list):
        faults.append(f"op {op} needs a list")
    if op in _ORDERED and (isinstance(value, bool) or not isinstance(value, int | float | str)):
        faults.append(f"op {op} needs a number or text")
    return faults
