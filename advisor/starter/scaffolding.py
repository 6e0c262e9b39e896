"""From an answers file to a project on disk: select, render, merge, write."""

from __future__ import annotations

from pathlib import Path

from advisor.catalog.answers import AnswersFile
from advisor.errors import Fault, InputError
from advisor.selection import DecisionRecord, recommend
from advisor.starter.merge import merge
from advisor.starter.plan import Plan, Step
from advisor.starter.pristine import check_inside, pack, unpack
from advisor.starter.render import module_of, render, yours
from advisor.starter.selection import Engine, Selection, select
from advisor.starter.write import finish, interrupted, write


def scaffold(
    file: AnswersFile,
    destination: Path,
    *,
    engine: Engine = "sql",
    dry_run: bool = False,
    place: str = "answers",
) -> Plan:
    """Writes a starter project, or updates one without losing what its owners changed.

    Args:
        file: The answers.
        destination: The project's folder: absent, empty, or a project of the same workload.
        engine: Who drives the cases.
        dry_run: Only say what would be done.
        place: How faults name the answers file.

    Returns:
        What was (or would be) done.

    Raises:
        InputError: The spine is undetermined, the name is no package, or the folder is not ours to write.
    """
    record = recommend(file)
    selection = select(record, file, engine, place)
    if destination.exists() and not destination.is_dir():
        raise InputError([Fault(str(destination), "is not a folder", "name a folder")])
    fresh = not destination.exists() or not any(destination.iterdir())
    if fresh:
        files = render(selection, record)
        plan = Plan(destination, True, tuple(Step(path, "add", content) for path, content in files.items()))
    else:
        plan, files = _update(destination, selection, record, dry_run)
    plan = Plan(plan.destination, plan.fresh, plan.steps, (*_remarks(record, file), *plan.remarks))
    if not dry_run:
        write(plan, pack(files, selection))
    return plan


def _update(
    destination: Path, selection: Selection, record: DecisionRecord, dry_run: bool
) -> tuple[Plan, dict[str, bytes]]:
    base = unpack(destination, selection)
    remarks: list[str] = []
    if dry_run and interrupted(destination):
        remarks.append("an interrupted update would be carried out first")
    elif not dry_run and finish(destination):
        remarks.append("an interrupted update was carried out first")
        base = unpack(destination, selection)
    workload = yours(selection)
    current = {path: _read(destination, path) for path in base}
    kept = _still_imported(current.get(workload))
    files = render(selection, record, kept)
    steps = []
    for path in sorted(base.keys() | files.keys()):
        mine = current[path] if path in current else _read(destination, path)
        if path == workload:
            steps.append(Step(path, "yours") if mine is not None or path in base else Step(path, "add", files[path]))
        else:
            steps.append(merge(path, base.get(path), mine, files.get(path)))
    return Plan(destination, False, tuple(steps), tuple(remarks)), files


def _still_imported(workload: bytes | None) -> frozenset[str]:
    """Parts that the owners' own code imports: they stay, whatever the record says now."""
    text = (workload or b"").decode("utf-8", "replace")
    stems = {
        part: [name.rpartition("/")[2].removesuffix(".py") for name in module_of(part)] for part in ("p1", "p2", "P3")
    }
    return frozenset(part for part, names in stems.items() if any(f".runtime.{name} " in text for name in names))


def _read(destination: Path, path: str) -> bytes | None:
    target = check_inside(destination, path)
    return target.read_bytes() if target.is_file() else None


def _remarks(record: DecisionRecord, file: AnswersFile) -> list[str]:
    found = []
    if record.spine_alternatives:
        others = ", ".join(record.spine_alternatives)
        found.append(f"the spine is a cost question: {record.spine} is the default, {others} the other")
    open_planes = [plane for plane, each in record.planes.items() if each.status == "undetermined"]
    if open_planes:
        found.append(f"left out because the answers leave them open: {', '.join(open_planes)}")
    deferred = [f"{plane} until {each.until}" for plane, each in record.planes.items() if each.status == "deferred"]
    deferred += [f"{step} until {each.until}" for step, each in file.sequence.items() if each.status == "deferred"]
    if deferred:
        found.append(f"deferred, so not built: {', '.join(deferred)}")
    return found
