"""SWE-agent's trajectories: what the model said, the command that it ran, and what came back, step by step.

`submitted` says that the agent handed in a patch, not that the patch is right: such a run's outcome has no status.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from advisor.traces import values
from advisor.traces.formats.conversations import converse, identity, is_conversation, outcome
from advisor.traces.formats.positions import EACH, lines_along
from advisor.traces.formats.rows import finished, first_text, money
from advisor.traces.records import Event, Format, Source, each, get, most, text_of

_STEP = ("action", "observation")


def _sniff(source: Source) -> bool:
    return most(source.sample, lambda r: _is_trajectory(r) or _is_history(r))


def _is_trajectory(value: Mapping[str, Any]) -> bool:
    steps = value.get("trajectory")
    if not isinstance(steps, list) or not ("history" in value or "info" in value):
        return False
    return all(isinstance(step, Mapping) and all(key in step for key in _STEP) for step in steps[:20])


def _is_history(value: Mapping[str, Any]) -> bool:
    """A demonstration: the history alone, in which every message names its agent and its part."""
    history = value.get("history")
    if not is_conversation(history):
        return False
    return all(isinstance(one, Mapping) and "agent" in one and "message_type" in one for one in value["history"][:20])


def _read(source: Source) -> Iterator[Event]:
    for line, value in each(source):
        if not isinstance(value, Mapping):
            source.bad(line, "is no trajectory")
        elif isinstance(value.get("trajectory"), list):
            yield from _steps(source, line, value)
        elif isinstance(value.get("history"), list):
            places = {at[0]: found for at, found in lines_along(source.text, "history", EACH).items()}
            common = _common(source, value, value["history"])
            yield from converse(value["history"], lambda at, p=places, n=line: p.get(at, n), common, source.bad)  # type: ignore[misc]
        else:
            source.bad(line, "is no trajectory")


def _task(source: Source, value: Mapping[str, Any]) -> str:
    """The file is named for the task; the content tells its runs apart."""
    return first_text(value, "instance_id") or source.path.stem


def _common(source: Source, value: Mapping[str, Any], steps: list[Any]) -> Event:
    agent = text_of(get(value, "history", 0, "agent")) or "agent"
    model = text_of(get(value, "replay_config", "agent", "model", "name"))
    request = identity(_task(source, value), content=steps)
    return {"agent_name": agent, "model_request": model, "request_id": request, "request_id_source": "file"}


def _steps(source: Source, line: int, value: Mapping[str, Any]) -> Iterator[Event]:
    steps = value["trajectory"]
    common = _common(source, value, steps)
    model = {"model_request": common.pop("model_request")}
    places = {at[0]: found for at, found in lines_along(source.text, "trajectory", EACH).items()}
    seq = 0
    for index, step in enumerate(steps):
        at = places.get(index, line)
        if not isinstance(step, Mapping):
            source.bad(at, "is no step of a trajectory")
            continue
        base: Event = {**common, "line": at, "seq_scope": "request"}
        said = text_of(step.get("response")) or text_of(step.get("thought"))
        action = text_of(step.get("action"))
        shown: Event = {"text": values.excerpt(said or action), "output_hash": values.fingerprint([said, action])}
        seq += 1
        yield finished({**base, **model, **shown, "kind": "llm_call", "seq": seq})
        if action is None or not action.strip():
            continue
        seq += 1
        command = action.strip()
        observation = step.get("observation")
        took = step.get("execution_time")
        call: Event = {
            **base,
            "kind": "tool_call",
            "seq": seq,
            "tool_name": command.split(None, 1)[0][:80],
            "args_hash": values.fingerprint(command),
            "result_fp": values.fingerprint(observation),
            "text": values.excerpt(observation),
        }
        if isinstance(took, int | float) and not isinstance(took, bool) and 0 <= took < 1e9:
            call["duration_us"] = round(took * 1_000_000)
        yield finished(call)
    yield outcome(common, line, seq + 1, {**_ended(value), "task": _task(source, value)})


def _ended(value: Mapping[str, Any]) -> Event:
    """How the run ended; the model's use is known for the run as a whole only."""
    info = value.get("info")
    ended = first_text(info, "exit_status")
    used = get(info, "model_stats")
    fields: Event = {
        "name": "exit",
        "status_raw": ended,
        "input_tokens": values.number(get(used, "tokens_sent")),
        "output_tokens": values.number(get(used, "tokens_received")),
        "cost_usd": money(get(used, "instance_cost")),
    }
    if ended is not None and not ended.startswith("submitted"):
        fields["status"] = "timeout" if "timeout" in ended or "time_limit" in ended else "error"
        fields["error_type"] = ended
    return fields


FORMATS = (Format("swe_agent", "SWE-agent trajectory", "openai-agents", _sniff, _read),)
