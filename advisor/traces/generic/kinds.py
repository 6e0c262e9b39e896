"""What an application's own event names most likely mean; every kind found here is a guess and is listed as one.

Phrases fit a whole name, or its first clause: `contract_merger_detected` is no merge, `override_defaults_loaded` no
override, and a sentence is nothing at all, but for what `sentences` knows.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from advisor.traces.columns import KINDS
from advisor.traces.generic.sentences import TAILED, decider, head, of_tool, tries
from advisor.traces.values import word


class Guess(NamedTuple):
    """A kind, and columns that the name says as well."""

    kind: str
    columns: tuple[tuple[str, str], ...] = ()


_DENY = (("decision", "deny"),)
_ALLOW = (("decision", "allow"),)
_OK = (("status", "ok"),)
_ERROR = (("status", "error"),)
_DONE = r"(_(done|completed?|finished|ended|end|succeeded|success|ok))?"
_FAILED = r"_(failed|failure|error|errored)"
_PHRASES: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (r"gate_(deny|denied|reject(ed)?|block(ed)?)", "gate_decision", _DENY),
    (r"gate_(allow|allowed|pass|passed|ok)", "gate_decision", _ALLOW),
    (r"(guardrail|policy)_(deny|denied|blocked|tripped|triggered|violated|violation)", "gate_decision", _DENY),
    (r"(guardrail|policy)_(allow|allowed|passed)", "gate_decision", _ALLOW),
    (r"gate(_(decision|check|checked|result|verdict))?", "gate_decision", ()),
    (r"(guardrail|policy)_(decision|check|checked|result|verdict|evaluated)", "gate_decision", ()),
    (r"(cas|compare_and_swap)(_(attempt|retry))?", "cas", ()),
    (r"(cas|compare_and_swap)_(ok|success|succeeded)", "cas", _OK),
    (r"(cas|compare_and_swap)_(conflict|fail|failed|rejected|stale|mismatch)", "cas", (("status", "rejected"),)),
    (r"(stale_version|version_conflict|version_mismatch)(_(detected|error))?", "cas", (("status", "rejected"),)),
    (r"optimistic_lock(ing)?_(failed|failure|conflict|error|exception)", "cas", (("status", "rejected"),)),
    (rf"(saga_)?compensat(e|ed|ing|ion){_DONE}", "compensation", ()),
    (rf"(saga_)?compensat(e|ion){_FAILED}", "compensation", _ERROR),
    (rf"(saga_)?(roll_?back|rolled_?back|rolling_back){_DONE}", "compensation", ()),
    (rf"(saga_)?reconcil(e|ed|iation){_DONE}", "reconcile", ()),
    (r"timer_(set|started|scheduled|armed)", "timer_set", ()),
    (r"timer_(fire|fired|expired|elapsed)|(\w+_)?expired_timer", "timer_fire", ()),
    (r"timer_skipped", "timer_fire", (("status", "skipped"),)),
    (r"timer_(cancel|cancelled|canceled|cleared)", "timer_cancel", ()),
    (r"((manual|operator|human|specialist)_)?override(_(applied|made|set))?", "override", ()),
    (r"human_required|escalat(e|ed|ion)(_(raised|opened|to_human|requested))?", "escalation", ()),
    (r"approval_(request|requested|asked|needed|required|opened|pending)", "approval_request", ()),
    (r"approval_(decision|decided|result|received)", "approval_decision", ()),
    (r"approval_(granted|approved)|approved_by_\w+", "approval_decision", (("decision", "approve"),)),
    (r"approval_(denied|rejected|declined)", "approval_decision", (("decision", "reject"),)),
    (
        r"approval_(timeout|timed_out|expired|sla_(elapsed|missed|expired))",
        "approval_decision",
        (("decision", "deny"), ("decision_source", "timeout")),
    ),
    (r"kill_?switch(_(on|set|pulled|activated|triggered|engaged|hit))?", "cancel_request", ()),
    (r"(token|access|credentials)_revoked|revoked?_(token|access|credentials)", "cancel_request", ()),
    (r"cancel_request(ed)?|cancell?ation_requested|cancel_received", "cancel_request", ()),
    (r"((request|run|task|workflow|job)_)?(cancelled|canceled)", "cancelled", ()),
    (r"crash(ed)?|(child|worker|agent|process|actor)_(died|crash|crashed|exited|killed)", "crash", ()),
    (r"restart(ed|ing)?(_(child|worker|agent|process|actor))?", "restart", ()),
    (r"(child|worker|agent|process|actor)_restart(ed|ing)?", "restart", ()),
    (r"heartbeat|ok_tick|tick|alive|health_?check_(ok|passed)", "ok_tick", ()),
    (r"throttl(e|ed|ing)(_(request|requests|call|calls))?|rate_limit(ed|_hit|_exceeded|_reached)?", "throttle", ()),
    (rf"(llm|model|chat)_(call|completion|response|generation|inference){_DONE}", "llm_call", ()),
    (r"chat_completion(_created)?|llm", "llm_call", ()),
    (rf"(llm|model|chat)_(call|request|completion|generation|inference){_FAILED}", "llm_call", _ERROR),
    (r"(tool|function)_(call|called|use|used|invocation|invoked|start|started|execution|requested)", "tool_call", ()),
    (r"(tool|function)_call_(start|started|requested|begin)|calling_tool", "tool_call", ()),
    (r"(tool|function)_(call_)?(result|output|response|end|ended|finished|completed|done)", "tool_result", ()),
    (r"(tool|function)_(call_)?(error|failed|failure)", "tool_result", _ERROR),
    (rf"(retrieval|retrieved|retrieve|vector_search){_DONE}", "retrieval", ()),
    (r"delegat(e|ed|ion)(_(task|to_agent))?|(task|work)_delegated|dispatch(ed)?", "delegation", ()),
    (r"sub_?agent_(start|started|dispatch|dispatched|call|called)", "delegation", ()),
    (r"sub_?agent_(timeout|timed_out)", "delegation", (("status", "timeout"),)),
    (rf"sub_?agent{_FAILED}", "delegation", _ERROR),
    (r"propos(al|ed)(_(made|created|received))?", "proposal", ()),
    (rf"(verify|verified|verification|validated|validation){_DONE}", "verification", ()),
    (rf"(verification|validation){_FAILED}", "verification", _ERROR),
    (r"commit(ted)?|write_committed|commit_(ok|succeeded|done)", "commit", ()),
    (rf"commit{_FAILED}", "commit", _ERROR),
    (r"(proposal_)?reject(ed|ion)?", "reject", ()),
    (r"merge(d)?|merge_(result|done|completed)|results_merged", "merge", ()),
    (r"merge_field|field_merged", "merge_field", ()),
    (r"(event_)?append(ed)?|event_(published|emitted)", "event_append", ()),
    (r"(event|message)_(consume|consumed|handled|processed)|consumed?", "event_consume", ()),
    (r"(state_)?transition(ed)?|state_(change|changed)", "state_transition", ()),
    (r"(request|workflow|task|run|case|job|saga)_(completed|finished|done|closed|succeeded)", "outcome", _OK),
    (r"(request|workflow|task|run|case|job|saga)_(failed|errored|aborted)", "outcome", _ERROR),
    (r"eval_(result|score)", "evaluation", ()),
)
_COMPILED = tuple((re.compile(pattern), Guess(kind, columns)) for pattern, kind, columns in _PHRASES)
_CLAUSE = re.compile(r"\s*(?:[\u2014\u2013(,]|\s-\s)")
LONGEST = 120
"""Longer names are prose, and prose is not guessed at."""
_NEVER = frozenset(["log", "unknown", "message", "agent", "workflow"])
"""Kinds whose plain name says too little: `type: message` stands on all sorts of records."""


@lru_cache(maxsize=65536)
def guess(name: str) -> Guess | None:
    """The kind that an event's name stands for; None where it says nothing that is known."""
    if len(name) > LONGEST:
        return None
    clause = _CLAUSE.split(name, maxsplit=1)[0]
    found = _whole(name) or (_whole(clause) if clause != name else None) or _said(name, clause)
    return Guess(found.kind, (*found.columns, *tries(name))) if found and " " in name else found


def _said(name: str, clause: str) -> Guess | None:
    phrase = head(clause)
    found = _whole(phrase) if phrase else None
    if found and found.kind in TAILED:
        by = decider(clause) if found.kind == "approval_decision" else ()
        return Guess(found.kind, (*found.columns, *by))
    told = of_tool(name)
    return Guess(*told) if told else None


def _whole(name: str) -> Guess | None:
    simple = re.sub(r"[.:/_]+", "_", word(name))
    if simple in KINDS and simple not in _NEVER:
        return Guess(simple)
    return next((found for pattern, found in _COMPILED if pattern.fullmatch(simple)), None)
