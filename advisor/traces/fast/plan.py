"""From a sample of a file's records to the query that reads the file; None where a Python reader has to do it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from advisor.traces.columns import STATUSES, by_name, stored
from advisor.traces.fast.expressions import among, converted, error_fingerprint, kind, quoted, shortened
from advisor.traces.generic.fields import CONTAINERS, EVENT_NAMES, LEVELS, SENTENCES, Fields, Target, flat
from advisor.traces.generic.kinds import guess
from advisor.traces.generic.reader import LONGEST_NAME, MEASURES, SERIOUS
from advisor.traces.generic.text import with_pairs
from advisor.traces.table import KIND

# Columns that findings rest on and that may stand on few rows of a common kind, as the saga's id does on those commits
# alone that belong to one: always looked for, under their usual names, unless the sample shows them under another name.
# Each costs about a two-hundredth of a scan.
ALWAYS = (
    "deadline_ts attempt max_attempts retry_layer is_replay replay_of cleanup side_effect decision decision_source "
    "cancel_scope to_state compensates caused_by scheduled_version llm_in_window resource_id action_id action_type "
    "approval_id args_hash child_id consumer error_message error_type eval_label event_in event_time "
    "expected_version input_hash op_id output_hash partial partition_key policy_version prompt_version proposal_id "
    "proposers reason_code result_fp retrieval_index_version retry_of saga_id sla_ms step timeout_ms timer_id "
    "verification_id winner_agent"
).split()
SEEN_OFTEN = 20
"""Rows of one kind in the sample from which on its fields are taken as known; rows of rarer kinds are read singly."""
Tree = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """How a file is read: `read` in a query over the reader's columns, then `select` and `doubts` over that.

    Attributes:
        spec: The `columns` of DuckDB's JSON reader.
        read: Expressions by stored column, over the reader's columns.
        doubts: Conditions, over the reader's columns and those of `read`, any of which says that the record holds what
            the plan does not load, or that nothing of it could be read: it is read singly.
        familiar: Kinds and names whose fields the sample shows.
        raw: The fields that are loaded, by path, as expressions over the reader's columns.
    """

    spec: str
    read: Mapping[str, str]
    doubts: tuple[str, ...]
    familiar: frozenset[str]
    raw: Mapping[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """The stored columns that the query fills, in a fixed order."""
        return tuple(name for name in stored() if name in self.read)

    def query(self, source: str, kind: str, beside: Mapping[str, str]) -> str:
        """The query for the plan's columns; `kind` is an expression, NULL for doubtful records."""
        inner = ", ".join(f'{expression} AS "= {name}"' for name, expression in self.read.items())
        doubts = " ".join(f"WHEN {doubt} THEN NULL" for doubt in self.doubts)
        outer = [f"CASE {doubts} ELSE {kind} END AS kind", *(f"{given} AS {name}" for name, given in beside.items())]
        outer += [f'"= {name}" AS "{name}"' for name in self.columns if name != "kind"]
        return f"SELECT {', '.join(outer)} FROM (SELECT *, {inner} FROM {source})"


def plan(sample: Sequence[Any], fields: Fields) -> Plan | None:
    """The plan for records like these; None where a field is an object in some and none in others, or a list."""
    targets: dict[str, Target] = {}
    shapes: dict[str, set[str]] = {}
    counts: Counter[str] = Counter()
    sample = [record for record in sample if isinstance(record, Mapping)]
    for record in sample:
        _shapes(record, "", shapes)
        leaves = dict(flat(record))
        if not _guessable(leaves) or with_pairs(record) is not record:
            return None
        counts[discriminator(leaves)] += 1
        for path in leaves:
            if path not in targets and (found := fields.target(path)):
                targets[path] = found
    if "PRIORITY" in shapes:
        return None
    for path in (*targets, *(key for key in (*EVENT_NAMES, *LEVELS, "retry_count") if key in shapes)):
        if any("object" in shapes.get(part, ()) and shapes[part] - {"null", "object"} for part in _parents(path)):
            return None
        if shapes.get(path, set()) & {"object", "list"}:
            return None
    shown = {target.column.stored for target in targets.values() if target.origin != "guess"}
    watched = [path for path, column in _expected(shapes, fields) if path not in shapes and column not in shown]
    made = _made(targets, [key for key in EVENT_NAMES if key in shapes], shapes, watched, sample)
    return made and replace(made, familiar=frozenset(name for name, seen in counts.items() if seen >= SEEN_OFTEN))


def _expected(shapes: Mapping[str, set[str]], fields: Fields) -> Iterator[tuple[str, str]]:
    """Where the columns of ALWAYS would stand: dotted names where a place has such, plain ones elsewhere.

    With each path comes the stored column that it would fill.
    """
    places = ["", *(f"{path}." for path in shapes if "." not in path and shapes[path] - {"null"} == {"object"})]
    for place in places:
        inside = [path.removeprefix(place) for path in shapes if path.startswith(place) and path != place]
        dotted = any(path.startswith("sdb.") for path in inside)
        if place and not dotted and place.removesuffix(".") not in CONTAINERS:
            continue
        for name in ALWAYS:
            for emitted in by_name()[name].emitted:
                path = f"{place}{emitted}"
                if emitted.startswith("sdb.") == dotted and (found := fields.target(path)):
                    yield path, found.column.stored


def discriminator(leaves: Mapping[str, Any]) -> str:
    """What tells records apart: their kind, or their event's name."""
    return next((str(leaves[key]) for key in ("kind", "sdb.kind", *EVENT_NAMES) if leaves.get(key)), "")


def _guessable(leaves: Mapping[str, Any]) -> bool:
    """Whether a guess of the kind would come from the first field that can hold an event's name."""
    names = [str(leaves[key]) for key in EVENT_NAMES if isinstance(leaves.get(key), str) and leaves[key]]
    return all(guess(name) is None for name in names[1:]) or not names or guess(names[0]) is not None


def _shapes(value: Mapping[str, Any], prefix: str, shapes: dict[str, set[str]], depth: int = 1) -> None:
    for key, inner in value.items():
        path = f"{prefix}{key}"
        if isinstance(inner, Mapping) and depth < 4:
            shapes.setdefault(path, set()).add("object")
            _shapes(inner, f"{path}.", shapes, depth + 1)
        else:
            shape = "null" if inner is None else "list" if isinstance(inner, list | Mapping) else "leaf"
            shapes.setdefault(path, set()).add(shape)


def _parents(path: str) -> list[str]:
    parts = path.split(".")
    return [] if len(parts) == 1 else [".".join(parts[:at]) for at in range(1, len(parts))]


def _made(
    targets: Mapping[str, Target],
    names: Sequence[str],
    shapes: Mapping[str, set[str]],
    watched: Sequence[str],
    sample: Sequence[Mapping[str, Any]],
) -> Plan | None:
    tree: Tree = {}
    raw: dict[str, str] = {}
    extra = [key for key in (*LEVELS, "retry_count") if key in shapes]
    for path in dict.fromkeys((*targets, *names, *extra)):
        raw[path] = _grow(tree, path, shapes)
    unexpected = [_grow(tree, path, shapes) for path in watched]
    by_column: dict[str, list[tuple[int, str, Target]]] = {}
    for path, target in targets.items():
        by_column.setdefault(target.column.stored, []).append((target.rank, path, target))
    select: dict[str, str] = {}
    unreadable: list[str] = []
    for name, sources in by_column.items():
        ranked = [(path, target) for _, path, target in sorted(sources, key=lambda it: (it[0], it[1]))]
        texts = {path: _taken(target, raw[path]) for path, target in ranked}
        select[name] = _first([_as_column(target, texts[path]) for path, target in ranked])
        unreadable += [
            f"({texts[path]} <> '' AND {_own(name, target, texts[path], len(ranked))} IS NULL)"
            for path, target in ranked
            if target.origin == "emitter" and target.column.unit in MEASURES
        ]
        if name == "request_id" and len(ranked) > 1:
            cases = " ".join(f"WHEN nullif({texts[path]}, '') IS NOT NULL THEN {quoted(path)}" for path, _ in ranked)
            select["request_id_source"] = f"CASE {cases} END"
        if name == "status":
            # Kept where it says more than the status; and beside a kind yet to be guessed, so that a status that was
            # given is not taken for one that followed from the level.
            status = _first(list(texts.values()))
    if names:
        spoken = [f"nullif({raw[name]}, '')" for name in names if name not in ("kind", "name", *SENTENCES)]
        if "kind" in names and "kind" in select:
            spoken.append(f"CASE WHEN {select['kind']} IS NULL THEN {raw['kind']} END")
        spoken += [select["name"]] if "name" in select else []
        spoken += [f"nullif({raw[name]}, '')" for name in names if name in SENTENCES]
        select["name"] = _first(spoken)
    if "status" in by_column:
        more = f"({status} <> 'ok' AND {among(status, STATUSES)} IS NULL)"
        undeclared = f"{select['kind']} IS NULL" if "kind" in select else "TRUE"
        select["status_raw"] = f"CASE WHEN {more} OR {undeclared} THEN nullif({status}, '') END"
    if "name" in select:
        select["name"] = shortened(select["name"], LONGEST_NAME)
    if "retry_count" in raw:
        retried = f"TRY_CAST({raw['retry_count']} AS BIGINT) + 1"
        select["attempt"] = _first([*([select["attempt"]] if "attempt" in select else []), retried])
    levels = [f"nullif({raw[key]}, '')" for key in LEVELS if key in raw]
    if levels:
        unsaid = f"{select['kind']} IS NULL AND " if "kind" in select else ""
        serious = (
            f"CASE WHEN {unsaid}({among(f'lower({_first(levels)})', SERIOUS)} IS NOT NULL "
            f"OR TRY_CAST({_first(levels)} AS DOUBLE) >= 50) THEN 'error' END"
        )
        select["status"] = _first([*([select["status"]] if "status" in select else []), serious])
        select.setdefault("status_raw", "CAST(NULL AS VARCHAR)")
    _follow(select)
    if not any(name in select for name in ("ts_us", "kind", "name")):
        return None
    if _alike(tree):
        return None
    spec = ", ".join(f"{quoted(key)}: {quoted(_type(inner))}" for key, inner in tree.items())
    paired = [f"contains({raw[name]}, '=')" for name in names if name in SENTENCES and levels]
    doubts = _doubts(_telling(tree, sample), unexpected, [*unreadable, *paired])
    return Plan("{" + spec + "}", select, doubts, frozenset(), raw)


def _as_column(target: Target, text: str) -> str:
    return kind(text, KIND) if target.column.name == "kind" else converted(target.column, text)


def _own(name: str, target: Target, text: str, many: int) -> str:
    """What a field alone makes of its column: the column, where it is the only field of it."""
    return f'"= {name}"' if many == 1 else f"({converted(target.column, text)})"


def _telling(tree: Tree, sample: Sequence[Mapping[str, Any]]) -> list[str]:
    """Keys of which every record has one, those that are filled most first.

    Objects are among them only where some record has nothing beside: to ask for one reads every field in it.
    """
    filled = Counter(key for record in sample for key, value in record.items() if value is not None)
    plain = [key for key in tree if tree[key] is None]
    enough = all(any(record.get(key) is not None for key in plain) for record in sample)
    return sorted(plain if enough else tree, key=lambda key: -filled[key])


def _doubts(keys: Sequence[str], unexpected: Sequence[str], unreadable: Sequence[str]) -> tuple[str, ...]:
    """Conditions: nothing was read (the first key decides for most rows), then what the rest say."""
    nothing = " AND ".join(f"{_quoted(key)} IS NULL" for key in keys)
    # One condition for all of them: most rows fall through it at once.
    strange = [f"({' OR '.join(f'{path} IS NOT NULL' for path in unexpected)})"] if unexpected else []
    return (nothing, *strange, *unreadable)


def _taken(target: Target, raw: str) -> str:
    """A field's text, or NULL where `Target.takes` says no."""
    unless = [f"{among(raw, target.never)} IS NULL"] if target.never else []
    only = [f"regexp_full_match({raw}, {quoted(target.only)})"] if target.only else []
    return f"CASE WHEN {' AND '.join([*unless, *only])} THEN {raw} END" if unless or only else raw


def _first(options: Sequence[str]) -> str:
    return options[0] if len(options) == 1 else f"COALESCE({', '.join(options)})"


def _quoted(key: str) -> str:
    return '"' + key.replace('"', '""') + '"'


def _grow(tree: Tree, path: str, shapes: Mapping[str, set[str]]) -> str:
    """Puts a path into the tree of wanted fields; a dotted key is one key unless its first part is an object."""
    keys: list[str] = []
    rest, base = path, ""
    while "." in rest:
        for at in [i for i, c in enumerate(rest) if c == "."]:
            if "object" in shapes.get(base + rest[:at], set()):
                keys.append(rest[:at])
                base, rest = base + rest[: at + 1], rest[at + 1 :]
                break
        else:
            break
    keys.append(rest)
    for key in keys[:-1]:
        tree = tree.setdefault(key, {})
    tree[keys[-1]] = None
    return ".".join(_quoted(key) for key in keys)


def _alike(tree: Tree) -> bool:
    """Whether two keys of one object differ in case only, which DuckDB would take for one."""
    return len({key.lower() for key in tree}) < len(tree) or any(_alike(inner) for inner in tree.values() if inner)


def _type(inner: Any) -> str:
    if not inner:
        return "VARCHAR"
    return "STRUCT(" + ", ".join(f"{_quoted(key)} {_type(value)}" for key, value in inner.items()) + ")"


def _follow(select: dict[str, str]) -> None:
    """What follows from a row's own columns, as `attributes.finish` has it, but for what the table's view stands in."""
    if "error_type" in select or "error_message" in select:
        parts = [f"({select.get(name, 'CAST(NULL AS VARCHAR)')})" for name in ("error_type", "error_message")]
        print_ = error_fingerprint(*parts)
        select["error_fp"] = f"COALESCE({select['error_fp']}, {print_})" if "error_fp" in select else print_
