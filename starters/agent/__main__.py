"""The project's command line: `python -m <package> COMMAND`."""

from __future__ import annotations

import argparse
import getpass
import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from .app import build
from .runtime.cases import Case
from .runtime.clock import iso
from .runtime.errors import Conflict
from .runtime.p4_gate import BadPolicy
from .runtime.p4_supervisor import Child, Supervisor
from .runtime.project import Project

_PROGRAM = (__package__ or "agent").partition(".")[0]


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; 0: done, 1: found something, 2: could not."""
    given = _parser().parse_args(arguments)
    try:
        project = build()
    except (BadPolicy, ValueError) as error:
        print(f"{_PROGRAM}: {error}", file=sys.stderr)
        return 2
    try:
        return int(given.run(project, given) or 0)
    except (Conflict, KeyError, ValueError) as error:
        print(f"{_PROGRAM}: {error}", file=sys.stderr)
        return 2
    finally:
        project.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {_PROGRAM}", description=__doc__)
    parser.add_argument("--by", default=os.environ.get("USER") or getpass.getuser(), help="who acts (audit log)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[Project, Any], int | None], about: str, *arguments: str) -> Any:
        made = commands.add_parser(name, help=about, description=about)
        made.set_defaults(run=run)
        for argument in arguments:
            made.add_argument(argument)
        return made

    command("run", _run, "take one request as far as it goes", "id").add_argument(
        "payload", nargs="?", default="-", help="the request as JSON; - reads it from standard input"
    )
    commands.choices["run"].add_argument("--tenant", default="default")
    worker = command("worker", _worker, "work on whatever there is, beside any number of other workers")
    worker.add_argument("--once", action="store_true", help="one round only")
    worker.add_argument("--processes", type=int, default=1, help="so many, under a supervisor")
    worker.add_argument("--every", type=float, default=0.5, help="seconds between rounds")
    command("timers", _timers, "let everything happen whose time has come")
    command("list", _list, "the cases that moved last")
    command("show", _show, "everything about one request", "id")
    command("console", _console, "write the console as static HTML", "folder")
    command("inbox", _inbox, "what waits for a person")
    command("settle", _settle, "answer an inbox entry: retry | happened | absent | abandon", "entry", "answer")
    for name, about in (("approve", "say yes to an approval"), ("deny", "say no to an approval")):
        command(name, _decide, about, "approval").set_defaults(yes=name == "approve")
        commands.choices[name].add_argument("--note", default="")
    kill = command("kill", _kill, "stop work: * | tenant:T | case:ID | tool:NAME", "scope")
    kill.add_argument("--reason", default="no reason given")
    command("restore", _restore, "let a stopped scope work again", "scope")
    command("resume", _resume, "advance one case now", "id")
    throttle = command(
        "throttle", _throttle, "what a tenant has used of its caps; with --cap, another cap for it", "tenant"
    )
    throttle.add_argument("--cap", help="what is capped")
    throttle.add_argument("--per-minute", type=int)
    throttle.add_argument("--per-day", type=int)
    command("audit", _audit, "the audit chain", "what").set_defaults(run=_audit)
    replaying = command("replay", _replay, "run the recorded proposals again (event log only)")
    replaying.add_argument("--model", help="a candidate, as LLM names it; lists where history would differ")
    drill = command("drill", _drill, "switch one defence off and see what goes wrong")
    drill.add_argument("--fault", metavar="ID")
    drill.add_argument("--all", action="store_true", help="every fault of this project, with and without its defence")
    drill.add_argument("--list", action="store_true", help="the faults that this project can be drilled for")
    drill.add_argument("--json", action="store_true", help="a line of JSON for each fault or run")
    drill.add_argument("--folder", default="drill", help="where the drills leave their telemetry")
    return parser


def _line(case: Case) -> str:
    return f"{case.id}  {case.state}  v{case.version}  {iso(case.updated)}  {json.dumps(case.result, sort_keys=True)}"


def _run(project: Project, given: Any) -> int:
    text = sys.stdin.read() if given.payload == "-" else given.payload
    payload = json.loads(text)
    if not isinstance(payload, dict):
        raise ValueError("the payload has to be a JSON object")
    print(_line(project.flow.handle(given.id, given.tenant, payload)))
    return 0


def serve(every_s: float) -> None:
    """One worker process under the supervisor."""
    project = build()
    try:
        _work(project, every_s, None)
    finally:
        project.close()


def _worker(project: Project, given: Any) -> int:
    if given.processes <= 1 or given.once:
        _work(project, given.every, 1 if given.once else None)
        return 0

    def escalate(name: str, code: str, reason: str) -> None:
        with project.base.db.tx():
            project.base.inbox.put(name, code, reason)

    children = [Child(f"worker-{n}", f"{_PROGRAM}.__main__:serve", (given.every,)) for n in range(given.processes)]
    supervisor = Supervisor(children, escalate)
    try:
        supervisor.run()
    except KeyboardInterrupt:
        supervisor.stop()
    return 1 if supervisor.given_up else 0


def _work(project: Project, every_s: float, rounds: int | None) -> None:
    try:
        # With `--engine dbos` the engine is part of the package, and then it does the cases.
        if importlib.util.find_spec(f"{__package__}.engines"):
            engine = importlib.import_module(f"{__package__}.engines.dbos_engine")
            engine.work(project, every_s=every_s, rounds=rounds)
        else:
            project.work(every_s=every_s, rounds=rounds)
    except KeyboardInterrupt:
        return


def _timers(project: Project, given: Any) -> None:
    for case in project.sweep():
        print(_line(case))


def _list(project: Project, given: Any) -> None:
    for case in project.spine.cases():
        print(_line(case))


def _show(project: Project, given: Any) -> int:
    case = project.spine.read(given.id)
    if case is None:
        raise ValueError(f"no case {given.id}")
    print(_line(case))
    for row in project.base.audit.of(given.id):
        print(f"  {iso(row['at'])}  {row['actor']}  {row['act']}  {row['detail']}")
    return 0


def _console(project: Project, given: Any) -> None:
    from .console import write

    print(write(project, given.folder))


def _inbox(project: Project, given: Any) -> None:
    for row in project.base.inbox.open():
        print(f"{row['id']}  {row['request_id']}  {row['code']}  {row['reason']}")
    for row in project.approval.open() if project.approval else ():
        print(f"{row['id']}  {row['request_id']}  approval until {iso(row['due'])}  {row['reason']}")


def _settle(project: Project, given: Any) -> None:
    print(_line(project.flow.settle(given.entry, given.by, given.answer)))


def _plane(project: Project, name: str) -> Any:
    plane = getattr(project, name)
    if plane is None:
        raise ValueError(f"this project has no {name.replace('_', ' ')}; ADR.md says why")
    return plane


def _decide(project: Project, given: Any) -> int:
    approval = _plane(project, "approval")
    if not approval.decide(given.approval, given.by, given.yes, given.note):
        print("it was answered before, or its time is up; nothing changed", file=sys.stderr)
        return 1
    row = project.base.db.row("SELECT request_id FROM approval WHERE id = ?", given.approval)
    assert row is not None
    print(_line(project.flow.advance(row["request_id"])))
    return 0


def _kill(project: Project, given: Any) -> None:
    _plane(project, "kill_switch").throw(given.scope, given.by, given.reason)


def _restore(project: Project, given: Any) -> None:
    if not _plane(project, "kill_switch").restore(given.scope, given.by):
        raise ValueError(f"{given.scope} was not stopped")
    project.flow.recover()


def _resume(project: Project, given: Any) -> None:
    print(_line(project.flow.advance(given.id)))


def _throttle(project: Project, given: Any) -> None:
    throttling = _plane(project, "throttling")
    if given.cap:
        cap = type(throttling.of(given.tenant, given.cap))(given.per_minute, given.per_day)
        throttling.set(given.tenant, given.cap, cap, given.by)
    for name in sorted(throttling.caps):
        cap = throttling.of(given.tenant, name)
        for per, limit in (("minute", cap.per_minute), ("day", cap.per_day)):
            if limit is not None:
                print(f"{name} per {per}: {throttling.used(given.tenant, name, per)} of {limit}")


def _audit(project: Project, given: Any) -> int:
    if given.what != "verify":
        raise ValueError("audit knows one thing to do: audit verify")
    found = project.base.audit.verify()
    for fault in found.faults:
        print(fault)
    state = "unbroken" if found.unbroken else "BROKEN"
    print(f"{state}: {found.sealed} rows sealed, {found.unsealed} not yet; head {found.head}")
    return 0 if found.unbroken else 1


def _replay(project: Project, given: Any) -> int:
    if project.spine.name != "P3":
        raise ValueError("only an event log can be replayed; this project has another spine")
    from .llm import connect
    from .runtime.p3_replay import replay

    found = replay(project.flow, connect(given.model) if given.model else None)
    for each in found.divergences:
        print(f"{each.case_id} {each.seam} #{each.attempt}: {json.dumps(each.recorded)} -> {json.dumps(each.now)}")
    print(f"{found.compared} proposals, {found.model_calls} model calls, {len(found.divergences)} divergences")
    return 1 if found.divergences else 0


def _drill(project: Project, given: Any) -> int:
    from .drill import run

    return run(given.fault, everything=given.all, listing=given.list, folder=given.folder, as_json=given.json)


if __name__ == "__main__":
    raise SystemExit(main())
