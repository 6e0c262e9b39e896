"""Results of tau-bench and tau²-bench: runs with their conversation and reward.

A run is a request; its `outcome` is ok for a full reward. In tau² the simulated user may have tools of its own, and
messages have times and, for a model's turn, what it used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from advisor.traces import values
from advisor.traces.formats.conversations import converse, identity, judged, outcome
from advisor.traces.formats.positions import EACH, Places, lines_along
from advisor.traces.formats.rows import first_text, money
from advisor.traces.records import Event, Format, Source, each, get, line_at, most, text_of


def _is_run(value: Mapping[str, Any]) -> bool:
    return all(key in value for key in ("task_id", "reward", "traj")) and isinstance(value["traj"], list)


def _is_tau(source: Source) -> bool:
    return most(source.sample, _is_run)


def _is_simulation(value: Any) -> bool:
    return isinstance(value, Mapping) and "task_id" in value and "reward_info" in value and "messages" in value


def _is_results(value: Mapping[str, Any]) -> bool:
    runs = value.get("simulations")
    if not isinstance(runs, list) or not ("tasks" in value or "info" in value):
        return False
    return all(map(_is_simulation, runs[:20]))


def _is_tau2(source: Source) -> bool:
    return most(source.sample, lambda r: _is_results(r) or _is_simulation(r))


def _read_tau(source: Source) -> Iterator[Event]:
    places = lines_along(source.text, EACH, "traj", EACH) or {
        (0, *at): line for at, line in lines_along(source.text, "traj", EACH).items()
    }
    for index, (line, value) in enumerate(each(source)):
        if not isinstance(value, Mapping) or not _is_run(value):
            source.bad(line, "is no run of a task")
            continue
        messages = value["traj"]
        common: Event = {
            "agent_name": "assistant",
            "request_id": identity(value["task_id"], value.get("trial"), content=messages),
            "request_id_source": "task_id",
        }
        task = text_of(value["task_id"])
        fields = {**judged(None, value["reward"]), "name": task, "task": task, "status_raw": None}
        fields["trial"] = text_of(value.get("trial"))
        error = first_text(value.get("info"), "error")
        if error is not None:
            fields |= {"error_message": values.excerpt(error), "error_type": values.error_type(error)}
        yield from _run(source, messages, (line, index, places), common, fields)


def _run(
    source: Source, messages: Sequence[Any], where: tuple[int, int, Places], common: Event, fields: Event
) -> Iterator[Event]:
    line, index, places = where
    last = 0
    for event in converse(messages, lambda at: places.get((index, at), line), common, source.bad):
        last = event["seq"]
        yield event
    yield outcome(common, line, last + 1, fields)


def _read_tau2(source: Source) -> Iterator[Event]:
    for line, value in each(source):
        if isinstance(value, Mapping) and _is_results(value):
            model = text_of(get(value, "info", "agent_info", "llm"))
            lines = source.lines("simulations") if source.shape == "document" else []
            places = lines_along(source.text, "simulations", EACH, "messages", EACH)
            for index, one in enumerate(value["simulations"]):
                if _is_simulation(one):
                    yield from _simulation(source, one, (line_at(lines, index, line), index, places), model)
                else:
                    source.bad(line_at(lines, index, line), "is no simulation of a task")
        elif _is_simulation(value):
            places = {(0, *at): found for at, found in lines_along(source.text, "messages", EACH).items()}
            yield from _simulation(source, value, (line, 0, places), None)
        else:
            source.bad(line, "holds no simulations")


def _simulation(
    source: Source, value: Mapping[str, Any], where: tuple[int, int, Places], model: str | None
) -> Iterator[Event]:
    own = text_of(value.get("id"))
    messages = value["messages"] if isinstance(value["messages"], list) else []
    request = own or identity(value["task_id"], value.get("trial"), content=messages)
    common: Event = {"agent_name": "assistant", "model_request": model, "request_id": request}
    common["request_id_source"] = "id" if own else "task_id"
    ended = text_of(value.get("termination_reason"))
    fields: Event = {
        **judged(None, get(value, "reward_info", "reward")),
        "name": text_of(value["task_id"]),
        "task": text_of(value["task_id"]),
        "trial": text_of(value.get("trial")),
        "status_raw": ended,
        "ts_us": values.instant(value.get("end_time")),
        "cost_usd": money(value.get("agent_cost")),
    }
    if "status" not in fields and ended in ("max_steps", "too_many_errors", "agent_error", "user_error", "timeout"):
        fields["status"] = "timeout" if ended == "timeout" else "error"
    yield from _run(source, messages, where, common, fields)


FORMATS = (
    Format("tau2_bench", "tau²-bench results", "openai-agents", _is_tau2, _read_tau2),
    Format("tau_bench", "tau-bench results", "openai-agents", _is_tau, _read_tau),
)
