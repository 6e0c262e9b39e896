"""DBOS drives the cases from many machines; the rows stay the truth.

A workflow here knows nothing but a case's id, and its body never changes: advance the case until it is over, sleeping in
between. Everything that matters is decided from the project's own tables inside one step, which may be repeated. That is
why a changed line of code, a new version or another pod name cannot strand work:

- the application version is pinned, since DBOS would otherwise only recover workflows of the very same source;
- executor ids are stable (`EXECUTOR_ID`), and whatever a dead executor held is resumed by any other, because `adopt`
  looks for unfinished cases in our rows and not in the engine's.

Versions: written for DBOS 3.4 on PostgreSQL; on SQLite it runs too, for one process.
"""

from __future__ import annotations

import os
import socket
import time
from typing import Any

from dbos import DBOS, SetWorkflowID

from ..runtime.audit import Sealer
from ..runtime.project import Project

APPLICATION_VERSION = "rows-1"
"""Changes only when the shape of `advance_until_over` does, and then with a plan for what is under way."""

_ENDED = ("SUCCESS", "ERROR")
_project: list[Project] = []
_idle: dict[str, int] = {}
"""Workflows that nobody seemed to run, and since when this process has seen that."""


@DBOS.step(name="advance")
def _advance(case_id: str) -> str:
    """One pass over the case; repeating it is what every pass is made for."""
    project = _project[0]
    project.base.leases.beat(f"workflow:{case_id}")
    case = project.flow.attempt(case_id)
    project.base.leases.beat(f"workflow:{case_id}")
    return "over" if case.final or case.state == "needs_person" else "later"


@DBOS.workflow(name="advance_until_over")
def advance_until_over(case_id: str) -> str:
    """The one workflow."""
    while True:
        word = _advance(case_id)
        if word == "over":
            return word
        DBOS.sleep(0.5)


def launch(project: Project) -> None:
    """Starts DBOS on the project's own database."""
    _project[:] = [project]
    url = project.base.db.url
    name = (__package__ or "agent").partition(".")[0].replace("_", "-")
    DBOS(
        config={
            "name": name,
            "system_database_url": _system_url(url),
            "application_version": APPLICATION_VERSION,
            "executor_id": os.environ.get("EXECUTOR_ID") or socket.gethostname(),
            "log_level": os.environ.get("DBOS_LOG_LEVEL", "WARNING"),
            "dbos_system_schema": os.environ.get("DBOS_SCHEMA", "dbos"),
        }
    )
    DBOS.launch()


def submit(case_id: str) -> None:
    """Hands a case to DBOS; a workflow that somebody else left behind is resumed."""
    case = _project[0].spine.read(case_id)
    if case is None:
        raise KeyError(case_id)
    # The rows decide whether there is work, not the engine: a workflow that ended before its case did has a successor.
    number = 0
    while (status := DBOS.get_workflow_status(workflow_id := f"{case_id}:{number}")) and status.status in _ENDED:
        number += 1
    if status is None:
        with SetWorkflowID(workflow_id):
            DBOS.start_workflow(advance_until_over, case_id)
    elif status.status in ("PENDING", "MAX_RECOVERY_ATTEMPTS_EXCEEDED", "CANCELLED") and _left(case_id):
        DBOS.resume_workflow(workflow_id)


def adopt(project: Project) -> int:
    """Hands every unfinished case to DBOS; returns how many there are."""
    unfinished = project.spine.unfinished()
    for ended in _idle.keys() - set(unfinished):
        del _idle[ended]
    for case_id in unfinished:
        submit(case_id)
    return len(unfinished)


def work(project: Project, *, every_s: float = 1.0, rounds: int | None = None) -> None:
    """A worker: DBOS does the cases, this loop does what time brings and adopts what others left."""
    launch(project)
    sealer = Sealer(project.base.audit)
    sealer.start()
    try:
        done = 0
        while rounds is None or done < rounds:
            project.due()
            adopt(project)
            done += 1
            time.sleep(every_s)
    finally:
        sealer.stop()
        DBOS.destroy()


def run_case(project: Project, case_id: str, tenant: str, payload: dict[str, Any], limit_s: float = 60.0) -> None:
    """Opens one case, waits until it is over, and ends DBOS."""
    launch(project)
    try:
        project.spine.open(case_id, tenant, payload)
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            if not adopt(project):
                return
            time.sleep(0.2)
    finally:
        DBOS.destroy(workflow_completion_timeout_sec=5)  # the case is over before its workflow is


def _left(case_id: str) -> bool:
    """Whether nobody has run a case's workflow for the length of a lease.

    DBOS takes a workflow that is resumed away from the thread that runs it, and that thread then waits for the other's
    result, past the end of its process if need be. Between two passes nobody holds the case, so a workflow says itself
    that it is alive; and DBOS has the first turn in recovering what an executor of the same id left.
    """
    leases, now = _project[0].base.leases, _project[0].base.clock.now()
    if leases.alive(f"case:{case_id}") or leases.alive(f"workflow:{case_id}"):
        _idle.pop(case_id, None)
        return False
    if now - _idle.setdefault(case_id, now) < leases.ttl_ms:
        return False
    _idle.pop(case_id)
    return True


def _system_url(url: str) -> str:
    """DBOS keeps its own schema in the same database; a SQLite file of its own where there is no server."""
    if url.startswith("sqlite:///"):
        return url.removesuffix(".db") + "-dbos.db"
    return url.partition("options=")[0].rstrip("?&")
