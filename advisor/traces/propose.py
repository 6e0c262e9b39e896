"""Proposes a mapping file: what logs hold as comments, what is sure filled in, what is guessed as candidates."""

from __future__ import annotations

import glob
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from advisor.errors import Fault, InputError, printable
from advisor.traces.columns import by_name
from advisor.traces.facts import READS
from advisor.traces.generic.kinds import guess
from advisor.traces.inputs import inputs
from advisor.traces.log import Log
from advisor.traces.survey import LOOKED_AT, FieldSeen, SourceSeen, name_field, survey

MOST_SOURCES = 20
MOST_NAMES = 60
_WIDTH = 40
_PAIRS = (("_start", "_end"), ("_started", "_finished"), ("_started", "_completed"), ("_begin", "_end"))
_HEAD = """\
# A proposal, made from {records} records. Lines behind # are remarks or candidates: uncomment what is right.
# What is filled in is what would be guessed without this file. A kind that you map counts for more than a guessed
# one. See what each signature gains: advisor diagnose --check-mapping --mapping THIS_FILE {logs}
schema = 1
"""
_FACTS = """
# Facts that no log holds; uncomment and correct.
# [facts]
# approval_sla_ms = 3600000          # how long an approval may take
# model_order = ["old", "new"]       # model versions, oldest first
# lateness_ms = 5000                 # how late an event may arrive
# max_restarts = 3                   # restarts after which a supervisor gives up
# kill_grace_ms = 30000              # how long work may go on after a kill switch
# material = { eval_score = 0.05 }   # what makes an event's outcome, and by how much equal numbers may differ
"""


class GuessedKind(NamedTuple):
    """A kind that was guessed from an event's name, on how many rows, and where first."""

    name: str
    kind: str
    rows: int
    file: str
    line: int


def explain(log: Log) -> tuple[GuessedKind, ...]:
    """Every guessed kind of a log, most rows first."""
    guessed = [GuessedKind(name, kind, *seen) for (name, kind), seen in log.guessed.items()]
    return tuple(sorted(guessed, key=lambda one: (-one.rows, one.name, one.kind)))


def propose(paths: Sequence[str], stdin: IO[bytes] | None = None, folder: Path | None = None) -> str:
    """The text of a mapping file for logs, with what was found in them as comments.

    Args:
        paths: Files, folders, globs, or `-`.
        stdin: Where `-` is read from.
        folder: Where standard input is kept meanwhile.

    Raises:
        InputError: Paths that name nothing, or hold nothing that could be mapped.
    """
    wanted = [one for one in inputs(paths, stdin, folder) if not one.same_as]
    seen = [source for one in wanted for source in survey(one)]
    usable = [source for source in seen if source.records or source.format]
    if not usable:
        raise InputError(
            [Fault(s.name, s.refused or "holds no record", "name a log of JSON lines, CSV or text") for s in seen[:20]]
            or [Fault(" ".join(paths), "is empty", "check that the log was written")]
        )
    mapped = [source for source in usable if not source.format]
    logs = " ".join(printable(path) for path in paths)
    parts = [_HEAD.format(records=sum(source.records for source in mapped), logs=logs)]
    parts += [
        f"\n# {printable(s.name)}: {printable(s.format)}; known, its fields need no mapping.\n"
        for s in usable
        if s.format
    ]
    parts += [f"\n# {printable(s.name)}: {printable(s.refused)}; left out.\n" for s in seen if s.refused]
    parts += ["".join(_source(source)) for source in mapped[:MOST_SOURCES]]
    if len(mapped) > MOST_SOURCES:
        parts.append(f"\n# {len(mapped) - MOST_SOURCES} more files were not looked at: match them with a pattern.\n")
    parts += [_FACTS, "".join(_known_by_name(usable))]
    return "".join(parts)


def _source(seen: SourceSeen) -> Iterator[str]:
    most = f"the first {LOOKED_AT} records" if seen.records >= LOOKED_AT else f"{seen.records} records"
    yield f"\n# {printable(seen.name)}, {most}\n"
    if seen.example:
        yield f"# first line: {_example(seen.example, 160)}\n"
    yield f"# {'field':<32} {'filled':>6} {'distinct':>8}  {'example':<{_WIDTH}} column\n"
    for path, one in seen.fields.items():
        share = f"{100 * one.rows / seen.records:.0f} %"
        column = f"{one.target.column.name} ({one.target.origin})" if one.target else ""
        shown = (
            f"# {printable(path)[:32]:<32} {share:>6} {len(one.values):>8}  {_example(one.example):<{_WIDTH}} {column}"
        )
        yield shown.rstrip() + "\n"
    yield "\n[[sources]]\n"
    yield f"match = {_quoted(glob.escape(_file_name(seen.name)))}\n"
    if any(one.naive for one in seen.fields.values()):
        yield '# timezone = "Europe/Berlin"       # some times say no offset; they are read as UTC\n'
    if seen.shape == "text":
        yield "# lines = ['^(?P<ts>\\S+) (?P<event>\\w+) (?P<request_id>\\S+)']   # for lines without key=value pairs\n"
    yield from _fields(seen)
    yield from _kinds(seen)
    yield from _pairs(seen)


def _file_name(name: str) -> str:
    return Path(name.partition("!")[0]).name if "!" not in name else "*" + name[name.index("!") :]


def _fields(seen: SourceSeen) -> Iterator[str]:
    chosen: dict[str, list[tuple[int, str, FieldSeen]]] = {}
    for path, one in seen.fields.items():
        if one.target and _writable(path):
            chosen.setdefault(one.target.column.name, []).append((one.target.rank, path, one))
    yield "[sources.fields]\n"
    for column in (name for name in by_name() if name in chosen):
        ranked = sorted(chosen[column], key=lambda it: (it[0], it[1]))
        paths = [path for _, path, _ in ranked]
        written = _quoted(paths[0]) if len(paths) == 1 else f"[{', '.join(_quoted(path) for path in paths)}]"
        sure = all(one.fits for _, _, one in ranked)
        note = "" if sure else "   # not every value fits: check what it means"
        yield f"{'' if sure else '# '}{column} = {written}{note}\n"
    if "request_id" not in chosen:
        for path, one in _ids(seen):
            yield f"# request_id = {_quoted(path)}   # {len(one.values)} distinct in {one.rows} rows\n"


def _ids(seen: SourceSeen) -> list[tuple[str, FieldSeen]]:
    """Fields that might name the case that a record belongs to: short texts that several rows share."""
    found = [
        (path, one)
        for path, one in seen.fields.items()
        if (one.target is None or one.target.column.name in ("run_id", "trace_id"))
        and _writable(path)
        and 1 < len(one.values) <= one.rows / 1.5
        and all(re.fullmatch(r"[\w.:/@-]{2,80}", value) and re.search(r"\d", value) for value in one.values)
    ]
    return sorted(found, key=lambda it: (-it[1].rows, it[0]))[:5]


def _kinds(seen: SourceSeen) -> Iterator[str]:
    field = name_field(seen)
    if field is None:
        return
    names = sorted(seen.names[field].items(), key=lambda it: (-it[1], it[0]))
    yield f"\n# Event names in {printable(field)}; a guessed kind is here to be confirmed, others to be filled in.\n"
    for name, rows in names[:MOST_NAMES]:
        found = guess(name)
        if not _writable(name) or (found is None and len(name) > _WIDTH):
            continue
        yield "# [[sources.kinds]]\n"
        yield f'# kind = "{found.kind if found else "log"}"{"   # guessed" if found else ""}\n'
        yield f"# field = {_quoted(field)}\n"
        yield f"# equals = {_quoted(name)}   # {rows} row{'s' if rows > 1 else ''}\n"
        if found and found.columns:
            yield f"# set = {{ {', '.join(f'{column} = {_quoted(value)}' for column, value in found.columns)} }}\n"
    if len(names) > MOST_NAMES:
        yield f"# and {len(names) - MOST_NAMES} more names\n"


def _pairs(seen: SourceSeen) -> Iterator[str]:
    field = name_field(seen)
    names = seen.names[field] if field else Counter[str]()
    found = [
        (name, name.removesuffix(start) + end)
        for name in sorted(names)
        for start, end in _PAIRS
        if name.endswith(start) and name.removesuffix(start) + end in names and _writable(name)
    ]
    columns = {one.target.column.name for one in seen.fields.values() if one.target}
    shared = next((name for name in ("request_id", "span_id", "trace_id", "run_id") if name in columns), "request_id")
    if found:
        yield "\n# Starts and ends of one piece of work, to be joined into one row by what both rows have.\n"
    for start, end in found[:MOST_NAMES]:
        yield f'# [[pairs]]\n# start = {_quoted(start)}\n# end = {_quoted(end)}\n# on = ["{shared}"]\n'


def _known_by_name(seen: Sequence[SourceSeen]) -> Iterator[str]:
    """Tools and agents that the logs name, as facts to fill in; what a tool does is proposed from its name."""
    tools, agents = _names(seen, "tool_name"), _names(seen, "agent_name")
    for name, rows in sorted(tools[:MOST_NAMES]):
        effect = "read" if re.match(READS, name.lower()) else "external_write"
        yield f"# [facts.tools.{_quoted(name)}]   # {rows} row{'s' if rows > 1 else ''}\n"
        yield f'# side_effect = "{effect}"   # by its name; say none, read, write or external_write\n'
    for name, _ in sorted(agents[:MOST_NAMES]):
        yield f"# [facts.agents.{_quoted(name)}]\n"
        yield '# role = "sub_agent"   # orchestrator, sub_agent, peer, worker, supervisor, gate\n'
    for what, names in (("tools", tools), ("agents", agents)):
        if len(names) > MOST_NAMES:
            yield f"# and {len(names) - MOST_NAMES} more {what}, on fewer rows\n"


def _names(seen: Sequence[SourceSeen], column: str) -> list[tuple[str, int]]:
    """The names in a column and their rows, those of most rows first."""
    names: Counter[str] = Counter()
    for source in seen:
        names.update(source.known.get(column, {}))
        for one in source.fields.values():
            if one.target and one.target.column.name == column and one.fits:
                names.update(one.values)
    return sorted(((n, rows) for n, rows in names.items() if _writable(n)), key=lambda it: (-it[1], it[0]))


def _writable(text: str) -> bool:
    """Whether a text can stand in a TOML file and be the same text again."""
    return 0 < len(text) <= 120 and not any("\ud800" <= mark <= "\udfff" for mark in text)


def _quoted(text: str) -> str:
    """A TOML basic string."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(mark if mark.isprintable() else f"\\U{ord(mark):08X}" for mark in plain) + '"'


def _example(value: Any, width: int = _WIDTH) -> str:
    """A value on one line of a comment: control characters shown, long ones cut."""
    shown = printable(value if isinstance(value, str) else str(value))
    return shown if len(shown) <= width else f"{shown[: width - 3]}..."
