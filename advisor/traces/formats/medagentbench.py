"""MedAgentBench runs: an agent's turns against a record system, and what the system itself answered to each write.

The harness may tell the agent that a write was accepted while the server refused it; both stand in the file. What the
agent was told is the result of its call; what the server did is a commit or a reject of the same proposal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from advisor.traces import values
from advisor.traces.formats.conversations import identity, judged, outcome
from advisor.traces.formats.rows import finished
from advisor.traces.records import Event, Format, Source, each, get, most, text_of

_METHODS = {"get": "read", "post": "external_write", "put": "external_write", "delete": "external_write"}


def _sniff(source: Source) -> bool:
    return most(source.sample, _is_run)


def _is_run(value: Mapping[str, Any]) -> bool:
    turns = value.get("turns")
    return (
        "task_id" in value
        and isinstance(turns, list)
        and bool(turns)
        and all(
            isinstance(turn, Mapping) and {"agent_reply", "action_kind", "observation"} <= set(turn) for turn in turns
        )
    )


def _read(source: Source) -> Iterator[Event]:
    for line, value in each(source):
        if not isinstance(value, Mapping) or not _is_run(value):
            source.bad(line, "is no run with turns")
            continue
        lines = source.lines("turns") if source.shape == "document" else []
        yield from _run(value, line, lines)


def _run(run: Mapping[str, Any], line: int, lines: Sequence[int]) -> Iterator[Event]:
    request = identity(run.get("task_id"), content=[run.get("turns"), run.get("attempt")])
    common: Event = {
        "declared_by": "format",
        "request_id": request,
        "request_id_source": "task_id",
        "agent_name": "agent",
        "attempt": values.number(run.get("attempt")),
    }
    seq = 0
    writes = run.get("write_attempts")
    answered = [write for write in writes if isinstance(write, Mapping)] if isinstance(writes, list) else []
    for index, turn in enumerate(run["turns"]):
        here = lines[index] if index < len(lines) else line
        call = f"{request}:{index}"
        for event in _turn(turn, call, answered):
            seq += 1
            yield finished({**common, "line": here, "seq": seq, "seq_scope": "request", **event})
    yield outcome(common, line, seq + 1, {**judged(run.get("correct")), **_ended(run)})


def _ended(run: Mapping[str, Any]) -> Event:
    """What a run's end says of its task, its model, and of the harness where that is to blame."""
    fields: Event = {
        "task": text_of(run["task_id"]),
        "trial": text_of(run.get("attempt")),
        "model_request": text_of(get(run, "diagnostics", "provenance", "model")),
    }
    if run.get("infra_fail") is True:
        fields["error_message"] = values.excerpt(text_of(run.get("infra_reason")) or "infrastructure failure")
    return {name: value for name, value in fields.items() if value is not None}


def _turn(turn: Mapping[str, Any], call: str, answered: list[Mapping[str, Any]]) -> Iterator[Event]:
    reply, told = turn.get("agent_reply"), turn.get("observation")
    yield {
        "kind": "llm_call",
        "output_hash": values.fingerprint(reply),
        "text": values.excerpt(reply),
        "duration_us": values.microseconds(turn.get("latency_ms")),
    }
    effect = _METHODS.get(str(turn.get("action_kind")))
    if effect is None:
        return
    url = text_of(turn.get("url"))
    common = {
        "tool_name": str(turn["action_kind"]).upper(),
        "tool_call_id": call,
        "side_effect": effect,
        "target_system": url,
        "args_hash": values.fingerprint([turn.get("url"), turn.get("payload")]),
    }
    yield {"kind": "tool_call", **common}
    if effect != "read":
        yield from _answer(turn, common, answered)
    if told is not None:
        failed = str(told).lstrip().lower().startswith("error")
        result = {"status": "error" if failed else "ok", "result_fp": values.fingerprint(told)}
        yield {"kind": "tool_result", **common, **result, "text": values.excerpt(told)}


def _answer(turn: Mapping[str, Any], common: Event, answered: list[Mapping[str, Any]]) -> Iterator[Event]:
    """What the server did with a write: the first answer of the same address and payload that was not used yet."""
    same = (w for w in answered if w.get("url") == turn.get("url") and w.get("payload") == turn.get("payload"))
    write = next(same, None)
    if write is None:
        return
    answered.remove(write)
    code = values.number(write.get("status_code"))
    if write.get("accepted") is True:
        yield {"kind": "commit", **common, "status": "ok", "resource_id": text_of(write.get("created_id"))}
    elif write.get("accepted") is False:
        yield {
            "kind": "reject",
            **common,
            "status": "rejected",
            "decision": "reject",
            "decision_source": "rule",
            "reason_code": f"HTTP {code}" if code is not None else None,
            "reason_text": values.excerpt(write.get("error") or get(write, "issues", 0)),
        }


FORMATS = (Format("medagentbench", "MedAgentBench runs", "benchmark", _sniff, _read),)
