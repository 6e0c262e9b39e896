"""Each conversion of `advisor.traces.attributes` as an SQL expression over text; a test holds the two equal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from advisor.traces import columns, values
from advisor.traces.columns import Column
from advisor.traces.spool import HASH, LONGEST

DECIMAL = r"[+-]?\d+(\.\d+)?"
_HOUR = r"(?:[01]\d|2[0-3])"
DATED = rf"\d{{4}}-\d\d-\d\d(?:[T ]{_HOUR}:\d\d(?::\d\d(?:\.\d+)?)?(?: UTC|Z|[+-]{_HOUR}(?::?\d\d)?)?)?"

# What Python's `strip` takes away, and where its `splitlines` cuts.
_BLANK = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_BREAKS = "\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"


def quoted(text: str) -> str:
    """A text literal."""
    return "'" + text.replace("'", "''") + "'"


def listed(words: Iterable[str]) -> str:
    """Text literals for IN."""
    return ", ".join(quoted(word) for word in sorted(set(words)))


def shortened(raw: str, longest: int) -> str:
    """A text's first characters; short text, which most is, is not counted."""
    return f"CASE WHEN strlen({raw}) <= {longest} THEN {raw} ELSE left({raw}, {longest}) END"


def _word(raw: str) -> str:
    return f"regexp_replace(lower(trim({raw})), '[\\s\\-]+', '_', 'g')"


def among(raw: str, words: Iterable[str]) -> str:
    """A text if it is one of these words, else NULL; looked up by hash, where IN would become a join.

    A join would also shuffle the rows of the scan, whose order says on which lines they stand.
    """
    return f"CAST(TRY_CAST({raw} AS ENUM ({listed(words)})) AS VARCHAR)"


def _closed(raw: str, words: Iterable[str]) -> str:
    known = tuple(words)
    return f"CASE WHEN {raw} IS NOT NULL THEN COALESCE({among(raw, known)}, {among(_word(raw), known)}) END"


def kind(raw: str, type: str) -> str:
    """A kind as the table's own type for it."""
    return f"COALESCE(TRY_CAST({raw} AS {type}), TRY_CAST({_word(raw)} AS {type}))"


def _looked_up(raw: str, table: Mapping[str, str]) -> str:
    """A word of a table: those that stand for themselves first, for they are the commonest."""
    same = [word for word, meaning in table.items() if word == meaning]
    meanings: dict[str, list[str]] = {}
    for word, meaning in table.items():
        meanings.setdefault(meaning, []).append(word)
    cases = " ".join(f"WHEN {among(_word(raw), words)} IS NOT NULL THEN {quoted(m)}" for m, words in meanings.items())
    return f"CASE WHEN {raw} IS NOT NULL THEN COALESCE({among(raw, same)}, CASE {cases} END) END"


def instant(raw: str) -> str:
    """Microseconds since 1970, from ISO text or an epoch in s, ms, us or ns."""
    number = f"TRY_CAST(trim({raw}) AS DOUBLE)"
    exact = f"CASE WHEN strpos({raw}, '.') = 0 THEN TRY_CAST(trim({raw}) AS BIGINT) END"
    whole = f"COALESCE({exact}, CAST(trunc({number}) AS BIGINT))"
    # DuckDB reads more as a time than ISO 8601 is: `epoch`, `2026-4-2`, hour 24, year 0, the names of zones, +99:00.
    respelt = f"replace(trim({raw}), ',', '.')"
    # Most are written plainly, and cheap to tell.
    plain = (
        f"{raw} LIKE '____-__-__T__:__:__%' AND (suffix({raw}, 'Z') OR suffix({raw}, '+00:00')) "
        f"AND strpos({raw}, ' ') = 0 AND substr({raw}, 19, 1) BETWEEN '0' AND '9' "
        f"AND substr({raw}, 12, 2) < '24' AND {raw} >= '0001'"
    )
    return (
        f"CASE WHEN ({plain}) OR ({_dated(raw)}) THEN epoch_us(TRY_CAST({raw} AS TIMESTAMPTZ)) "
        f"WHEN {_dated(respelt)} THEN epoch_us(TRY_CAST({respelt} AS TIMESTAMPTZ)) "
        f"WHEN NOT regexp_full_match(trim({raw}), '{DECIMAL}') THEN NULL "
        f"WHEN abs({number}) < 1e8 OR abs({number}) >= 1e20 THEN NULL "
        f"WHEN abs({number}) < 1e11 THEN CAST(round_even({number} * 1000000, 0) AS BIGINT) "
        f"WHEN abs({number}) < 1e14 THEN {whole} * 1000 "
        f"WHEN abs({number}) < 1e17 THEN {whole} "
        f"ELSE COALESCE(CASE WHEN strpos({raw}, '.') = 0 "
        f"THEN CAST(TRY_CAST(trim({raw}) AS HUGEINT) // 1000 AS BIGINT) END, "
        f"CAST(trunc({number} / 1000) AS BIGINT)) END"
    )


def _dated(raw: str) -> str:
    return f"regexp_full_match({raw}, '{DATED}') AND {raw} >= '0001'"


def number(raw: str) -> str:
    """A whole number; 2.7 is none."""
    double = f"TRY_CAST({raw} AS DOUBLE)"
    # Text without a point goes the exact way, for doubles end at 2**53; alone, that cast rounds 27e-1 and reads 0x1f.
    exact = f"CASE WHEN strpos({raw}, '.') = 0 THEN TRY_CAST({raw} AS BIGINT) END"
    return (
        f"CASE WHEN {double} = floor({double}) THEN {bounded(f'COALESCE({exact}, TRY_CAST({double} AS BIGINT))')} END"
    )


def bounded(whole: str) -> str:
    """A whole number that is not beyond `values.LARGEST`."""
    return f"CASE WHEN {whole} BETWEEN {-values.LARGEST} AND {values.LARGEST} THEN {whole} END"


def finite(double: str) -> str:
    """A number that is neither infinite nor none."""
    return f"CASE WHEN isfinite({double}) THEN {double} END"


def converted(column: Column, raw: str) -> str:
    """What a column stores, from a text expression."""
    if column.name == "status":
        return _looked_up(raw, values.STATE_OF)
    if column.name == "decision":
        return _looked_up(raw, values.DECISION_OF)
    if column.name == "kind":
        return _closed(raw, columns.KINDS)
    if column.name == "side_effect":
        return _closed(raw, columns.SIDE_EFFECTS)
    if column.name == "agent_role":
        return _closed(raw, columns.ROLES)
    if column.name == "decision_source":
        known = _closed(raw, columns.SOURCES_OF_DECISION)
        return f"CASE WHEN {raw} <> '' THEN COALESCE({known}, 'unknown') END"
    if column.name == "text":
        return f"nullif({shortened(raw, values.TEXT_LIMIT)}, '')"
    if column.unit == "number":
        return number(raw)
    if column.unit == "flag":
        word = _word(raw)
        return f"CASE WHEN {word} IN ('true', '1', 'yes') THEN TRUE WHEN {word} IN ('false', '0', 'no') THEN FALSE END"
    if column.unit == "instant":
        return instant(raw)
    if column.unit == "milliseconds":
        double = f"TRY_CAST({raw} AS DOUBLE)"
        return f"CASE WHEN abs({double}) < 1e15 THEN CAST(round_even({double} * 1000, 0) AS BIGINT) END"
    if column.unit == "money":
        return finite(f"TRY_CAST({raw} AS DOUBLE)")
    kept = f"left({raw}, {LONGEST - HASH}) || left(sha256({raw}), {HASH})"
    return f"CASE WHEN strlen({raw}) <= {LONGEST} OR length({raw}) <= {LONGEST} THEN nullif({raw}, '') ELSE {kept} END"


def error_fingerprint(error_type: str, message: str) -> str:
    """`values.error_fingerprint` over two text expressions."""
    masked = f"left(regexp_extract(trim({message}, {quoted(_BLANK)}), '^[^{_BREAKS}]*'), {values.TEXT_LIMIT})"
    for pattern, mask in values.MASKS:
        masked = f"regexp_replace({masked}, {quoted(pattern.pattern)}, {quoted(mask)}, 'g')"
    return (
        f"CASE WHEN {error_type} IS NULL AND {message} IS NULL THEN NULL "
        f"ELSE left(concat(COALESCE({error_type}, ''), '|', COALESCE({masked}, '')), {values.TEXT_LIMIT}) END"
    )
