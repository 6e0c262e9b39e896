"""The three ways to run a trial: a command, a Python callable, an OpenAI-compatible endpoint.

A runner never retries and never judges: it reports one trial. What is nobody's failure (the process did not start, the
network, the provider) is marked as infrastructure by the outcome's error text, as everywhere else.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, NamedTuple

from advisor.replay.plan import Check, Plan, Recording, ReplayCase


class Result(NamedTuple):
    """What one trial gave. `wait` is the seconds that a provider asked us to wait before the next call."""

    passed: bool
    output: str = ""
    error: str | None = None
    infrastructure: bool = False
    unrecorded: str | None = None
    calls: int = 1
    tokens_in: int = 0
    tokens_out: int = 0
    money: float | None = None
    wait: float = 0.0


More = Callable[[], bool]
"""Asks for one more call than a trial was begun with; where it says no, the budget is used up."""
Runner = Callable[[ReplayCase, str, str, More], Result]
"""Runs (case, version, trial name, more)."""
CUT_SHORT = "cut short: the budget in calls was used up in the middle of this trial"


def runner_of(plan: Plan) -> Runner:
    """The runner that a plan asks for."""
    match plan.runner.kind:
        case "command":
            return lambda case, version, trial, _: _command(plan, case, version, trial)
        case "python":
            return _python(plan)
        case _:
            return lambda case, version, _, more: _endpoint(plan, case, version, more)


def canonical(value: Any) -> str:
    """JSON with sorted keys: equal arguments are equal text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def hashed(text: str) -> str:
    """A short fingerprint of an output."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _request(case: ReplayCase, version: str, trial: str) -> dict[str, Any]:
    recordings = [recording.model_dump() for recording in case.recordings]
    return {"task": case.task, "version": version, "trial": trial, "input": case.input, "recordings": recordings}


def _reported(said: Any) -> Result:
    """A command's or callable's report as a result; a report that is none is an error of the harness."""
    if isinstance(said, bool):
        said = {"passed": said}
    if not isinstance(said, dict) or not isinstance(said.get("passed"), bool):
        return Result(False, error='the runner reported no {"passed": true or false}', infrastructure=True)
    return Result(
        passed=said["passed"],
        output=canonical(said.get("output", "")),
        error=None if said.get("error") is None else str(said["error"]),
        infrastructure=said.get("infrastructure") is True,
        unrecorded=None if said.get("unrecorded") is None else str(said["unrecorded"]),
        calls=int(said.get("calls", 1)),
        tokens_in=int(said.get("tokens", 0)),
        money=None if said.get("money") is None else float(said["money"]),
        wait=float(said.get("wait", 0)),
    )


def _command(plan: Plan, case: ReplayCase, version: str, trial: str) -> Result:
    try:
        done = subprocess.run(
            list(plan.runner.command),
            input=canonical(_request(case, version, trial)),
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=plan.runner.timeout_s,
            cwd=plan.folder,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Result(False, error=f"harness time-out after {plan.runner.timeout_s:g} s", infrastructure=True)
    except OSError as error:
        return Result(False, error=f"the command did not start: {error}", infrastructure=True)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [""])[-1][:200]
        return Result(False, error=f"the command ended with {done.returncode}: {last}", infrastructure=True)
    try:
        return _reported(json.loads(done.stdout))
    except (ValueError, TypeError) as error:
        return Result(False, error=f"the command's report is not JSON: {error}", infrastructure=True)


def _python(plan: Plan) -> Runner:
    module, _, name = (plan.runner.callable or "").partition(":")
    folder = str(plan.folder.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    function = getattr(importlib.import_module(module), name)

    def run(case: ReplayCase, version: str, trial: str, _: More) -> Result:
        try:
            return _reported(function(_request(case, version, trial)))
        except Exception as error:
            return Result(False, error=f"the callable raised {type(error).__name__}: {error}", infrastructure=True)

    return run


def _endpoint(plan: Plan, case: ReplayCase, version: str, more: More) -> Result:
    """One conversation with an OpenAI-compatible endpoint; tool calls are served from the recordings.

    A trial is begun with one call; every further turn asks for its own.
    """
    messages = [dict(message) for message in case.messages]
    calls = tokens_in = tokens_out = 0
    for _ in range(plan.runner.max_turns):
        body: dict[str, Any] = {**plan.runner.parameters, "model": version, "messages": messages}
        if case.tools:
            body["tools"] = list(case.tools)
        if calls and not more():
            cut = Result(False, error=CUT_SHORT, infrastructure=True, calls=calls)
            return cut._replace(tokens_in=tokens_in, tokens_out=tokens_out)
        calls += 1
        try:
            answer = _post(plan, body)
            message = answer["choices"][0]["message"]
        except urllib.error.HTTPError as error:
            said = error.read(500).decode("utf-8", "replace")
            wait = _seconds(error.headers.get("Retry-After"))
            return Result(False, error=f"HTTP {error.code}: {' '.join(said.split())}", calls=calls, wait=wait)
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            return Result(False, error=f"connection: {type(error).__name__}: {error}", infrastructure=True, calls=calls)
        usage = answer.get("usage") or {}
        tokens_in += int(usage.get("prompt_tokens") or 0)
        tokens_out += int(usage.get("completion_tokens") or 0)
        wanted = message.get("tool_calls") or []
        if not wanted:
            text = str(message.get("content") or "")
            passed = case.check is not None and passes(case.check, text)
            return Result(passed, text, calls=calls, tokens_in=tokens_in, tokens_out=tokens_out)
        messages.append(message)
        for call in wanted:
            found = _recorded(case.recordings, call.get("function") or {})
            if found is None:
                name = str((call.get("function") or {}).get("name"))
                return Result(False, unrecorded=name, calls=calls, tokens_in=tokens_in, tokens_out=tokens_out)
            messages.append({"role": "tool", "tool_call_id": call.get("id"), "content": canonical(found.result)})
    error_text = f"max turns ({plan.runner.max_turns}) reached"
    return Result(False, error=error_text, calls=calls, tokens_in=tokens_in, tokens_out=tokens_out)


def _post(plan: Plan, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{str(plan.runner.base_url).rstrip('/')}/chat/completions",
        data=json.dumps(body).encode("utf-8"),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {os.environ[plan.runner.api_key_env]}"},
    )
    with urllib.request.urlopen(request, timeout=plan.runner.timeout_s) as response:
        answer: dict[str, Any] = json.loads(response.read())
        return answer


def _recorded(recordings: tuple[Recording, ...], function: dict[str, Any]) -> Recording | None:
    try:
        arguments = json.loads(function.get("arguments") or "{}")
    except ValueError:
        return None
    wanted = (function.get("name"), canonical(arguments))
    return next((r for r in recordings if (r.tool, canonical(r.arguments)) == wanted), None)


def _seconds(header: str | None) -> float:
    """A Retry-After header in seconds; a date or nonsense counts as one second."""
    if not header:
        return 0.0
    return float(header) if re.fullmatch(r"\d+(\.\d+)?", header.strip()) else 1.0


def passes(check: Check, text: str) -> bool:
    """Whether an answer meets every condition of a check."""
    return (
        (check.equals is None or text.strip() == check.equals.strip())
        and (check.contains is None or check.contains in text)
        and (check.matches is None or re.search(check.matches, text) is not None)
    )
