"""What an application's own event names most likely mean; every kind found here is a guess and is listed as one.

The phrases are anchored: `contract_merger_detected` is no merge.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from advisor.traces.columns import KINDS
from advisor.traces.values import word


class Guess(NamedTuple):
    """A kind, and columns that the name says as well."""

    kind: str
    columns: tuple[tuple[str, str], ...] = ()


_DENY = (("decision", "deny"),)
_ALLOW = (("decision", "allow"),)
_PHRASES: tuple[tuple[str, Guess], ...] = tuple(
    (pattern, Guess(kind, columns))
    for pattern, kind, columns in (
        (r"gate_(deny|denied|reject(ed)?|block(ed)?)", "gate_decision", _DENY),
        (r"gate_(allow|allowed|pass|passed|ok)", "gate_decision", _ALLOW),
        (
            r"gate(_(decision|check|result|verdict))?|guardrail(_\w+)?|policy_(check|decision|verdict)",
            "gate_decision",
            (),
        ),
        (r"cas(_(ok|success|retry|attempt))?|compare_and_swap(_\w+)?", "cas", ()),
        (
            r"cas_(conflict|fail|failed|rejected|stale)|stale_version|optimistic_lock(_\w+)?|version_conflict",
            "cas",
            (("status", "rejected"),),
        ),
        (r"saga_?compensat\w*|compensat(e|ed|ing|ion)(_\w+)?|roll(ed)?_?back(_\w+)?", "compensation", ()),
        (r"saga_?reconcil\w*|reconcil(e|ed|iation)(_\w+)?", "reconcile", ()),
        (r"timer_(set|started|scheduled|armed)", "timer_set", ()),
        (r"timer_(fire|fired|expired)|\w+_expired_timer", "timer_fire", ()),
        (r"timer_skipped", "timer_fire", (("status", "skipped"),)),
        (r"timer_(cancel|cancelled|canceled|cleared)", "timer_cancel", ()),
        (r"(manual_|operator_|human_)?override(_\w+)?", "override", ()),
        (r"human_required|escalat(e|ed|ion)(_\w+)?", "escalation", ()),
        (r"approval_(request|requested|asked|needed|required|opened)", "approval_request", ()),
        (r"approval_(decision|decided|result|received)", "approval_decision", ()),
        (r"approval_(granted|approved)|approved_by_\w+", "approval_decision", (("decision", "approve"),)),
        (r"approval_(denied|rejected)", "approval_decision", (("decision", "reject"),)),
        (
            r"approval_(timeout|timed_out|expired)",
            "approval_decision",
            (("decision", "deny"), ("decision_source", "timeout")),
        ),
        (
            r"kill_?switch(_\w+)?|(token_)?revok\w+(_token)?|cancel_request(ed)?|cancellation_requested",
            "cancel_request",
            (),
        ),
        (r"cancelled|canceled", "cancelled", ()),
        (r"child_(died|crash(ed)?|failed|exited)|crash(ed)?|worker_(died|crash(ed)?)", "crash", ()),
        (r"restart(ed|ing)?(_\w+)?|child_restart(ed|ing)?", "restart", ()),
        (r"heartbeat|ok_tick|tick|alive", "ok_tick", ()),
        (r"throttl(e|ed|ing)(_\w+)?|rate_limit(ed)?", "throttle", ()),
        (r"llm_(call|request|response|completion)|chat_completion|model_(call|request)|completion", "llm_call", ()),
        (r"tool_(call|use|invocation|start(ed)?|execution)|function_call", "tool_call", ()),
        (r"tool_(result|output|response|end(ed)?|finished)|function_result", "tool_result", ()),
        (r"tool_(error|failed)", "tool_result", (("status", "error"),)),
        (r"retriev(e|al|ed)(_\w+)?", "retrieval", ()),
        (r"delegat(e|ed|ion)(_\w+)?|dispatch(ed)?|sub_?agent_(start(ed)?|dispatch(ed)?|call)", "delegation", ()),
        (r"sub_?agent_(timeout|timed_out)", "delegation", (("status", "timeout"),)),
        (r"propos(al|ed)(_\w+)?", "proposal", ()),
        (r"verif(y|ied|ication)(_\w+)?|validat(e|ed|ion)(_\w+)?", "verification", ()),
        (r"commit(ted)?|write_committed", "commit", ()),
        (r"reject(ed|ion)?", "reject", ()),
        (r"merge(d)?|merge_result", "merge", ()),
        (r"merge_field|field_merged", "merge_field", ()),
        (r"event_append(ed)?|append(ed)?", "event_append", ()),
        (r"event_(consume|consumed|handled|processed)|consumed?", "event_consume", ()),
        (r"state_(transition|change|changed)|transition(ed)?", "state_transition", ()),
        (r"(request|workflow|task|run)_(completed|finished|done|closed|succeeded)", "outcome", (("status", "ok"),)),
        (r"(request|workflow|task|run)_(failed|errored|aborted)", "outcome", (("status", "error"),)),
        (r"outcome", "outcome", ()),
        (r"evaluation|eval_(result|score)", "evaluation", ()),
    )
)
_COMPILED = tuple((re.compile(pattern), guess) for pattern, guess in _PHRASES)
LONGEST = 60
"""Longer names are sentences, and sentences are not guessed at."""


@lru_cache(maxsize=65536)
def guess(name: str) -> Guess | None:
    """The kind that an event's name stands for; None where it says nothing that is known."""
    if len(name) > LONGEST:
        return None
    simple = re.sub(r"[.:/]", "_", word(name))
    if simple in KINDS and simple not in ("log", "unknown"):
        return Guess(simple)
    for pattern, found in _COMPILED:
        if pattern.fullmatch(simple):
            return found
    return None
