"""The detectors' one SQL text in other dialects, and the canonical table that it asks: needs sqlglot."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from advisor.errors import Fault, InputError
from advisor.traces.columns import stored
from advisor.traces.table import ORD, STAND_INS, columns_of

if TYPE_CHECKING:
    from sqlglot import exp

DIALECTS = ("bigquery", "clickhouse", "databricks", "duckdb", "postgres", "redshift", "snowflake", "spark", "trino")
"""Dialects that queries are written in; DuckDB's is the text as it stands."""
OWN = ("duckdb",)

# What ClickHouse has to be told so that NULL, joins and aliases mean what they mean everywhere else.
CLICKHOUSE_SETTINGS = {
    "join_use_nulls": 1,
    "aggregate_functions_null_for_empty": 1,
    "cast_keep_nullable": 1,
    "prefer_column_name_to_alias": 1,
    "union_default_mode": "DISTINCT",
    "data_type_default_nullable": 1,
}
INSTALL = "pip install 'agent-runtime-advisor[{extra}]'"


def needed(module: str, extra: str) -> Any:
    """An optional dependency.

    Raises:
        InputError: It is not installed; says the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise InputError([Fault(module.partition(".")[0], "is not installed", INSTALL.format(extra=extra))]) from None


def exchange_columns() -> dict[str, str]:
    """The columns of the canonical table as it is exchanged, with DuckDB's types; files stand in it by name."""
    return {**stored(), "file": "VARCHAR"}


def create_table(name: str, dialect: str) -> str:
    """The statement that makes the canonical table."""
    columns = ",\n".join(f"  {column} {kind}" for column, kind in exchange_columns().items())
    return transpiled(f"CREATE TABLE {name} (\n{columns}\n)", dialect, pretty=True)


def reading(source: str, present: Iterable[str]) -> str:
    """The query for every column of the view `events` over a table that has some of them."""
    here = set(present)
    columns = []
    for name, kind in exchange_columns().items():
        options = [option for option in (name, *STAND_INS.get(name, ())) if columns_of(option) <= here]
        if not options:
            columns.append(f"CAST(NULL AS {kind}) AS {name}")
        elif options == [name]:
            columns.append(name)
        else:
            columns.append(f"COALESCE({', '.join(f'CAST({each} AS {kind})' for each in options)}) AS {name}")
    order = ORD if {"seq", "seq_scope"} <= here else "CASE WHEN seq IS NOT NULL THEN seq ELSE ts_us END"
    order = order if "seq" in here else "ts_us"
    order = order if "ts_us" in here else "CAST(NULL AS BIGINT)"
    return f"SELECT {', '.join(columns)}, {order} AS ord FROM {source}"


def transpiled(sql: str, dialect: str, *, pretty: bool = False) -> str:
    """A query or statement in another dialect."""
    sqlglot = needed("sqlglot", "sql")
    if dialect in OWN and not pretty:
        return sql.strip()
    text: str = _written(sqlglot.parse_one(sql, dialect="duckdb"), dialect, pretty)
    return text


def over(sql: str, view: str, dialect: str) -> str:
    """A query over `events` with that name put for what the view stands for, in another dialect."""
    sqlglot = needed("sqlglot", "sql")
    exp = sqlglot.exp
    query = sqlglot.parse_one(sql, dialect="duckdb")
    inner = sqlglot.parse_one(view, dialect="duckdb")
    defined = {cte.alias for cte in query.find_all(exp.CTE)}
    for table in list(query.find_all(exp.Table)):
        if table.name == "events" and not table.db and "events" not in defined:
            table.replace(inner.copy().subquery(table.alias or "events"))
    return _written(query, dialect, False)


def _written(query: exp.Expression, dialect: str, pretty: bool) -> str:
    sqlglot = needed("sqlglot", "sql")
    if dialect == "clickhouse":
        _for_clickhouse(query, sqlglot.exp)
    elif dialect in ("postgres", "redshift"):
        _for_postgres(query, sqlglot.exp)
    elif dialect == "bigquery":
        _for_bigquery(query, sqlglot.exp)
    return str(query.sql(dialect=dialect, pretty=pretty))


def _for_clickhouse(query: exp.Expression, exp: Any) -> None:
    """Its types hold no NULL unless they say so; it names a column of a join by its table unless told a name."""
    for kind in query.find_all(exp.DataType):
        kind.set("nullable", True)
    for select in query.find_all(exp.Select):
        named = [
            exp.alias_(each, each.name) if isinstance(each, exp.Column) and each.table and each.name != "*" else each
            for each in select.expressions
        ]
        select.set("expressions", named)
        if select.args.get("group") and select.args.get("order"):
            _order_by_what_is_selected(select, exp)


def _order_by_what_is_selected(select: exp.Select, exp: Any) -> None:
    """Where a name is both a column and what is selected under it, ClickHouse would order by the column."""
    under = {each.alias: each.this for each in select.expressions if isinstance(each, exp.Alias)}
    for ordered in select.args["order"].expressions:
        column = ordered.this
        if isinstance(column, exp.Column) and not column.table and column.name in under:
            ordered.set("this", under[column.name].copy())


_NUMBERS = {"BIGINT": "^[+-]?[0-9]{1,18}$", "DOUBLE": "^[+-]?[0-9]{1,200}([.][0-9]+)?$"}


def _for_postgres(query: exp.Expression, exp: Any) -> None:
    """It has no TRY_CAST, so text is looked at before it is read as a number; its patterns write a word's edge as y."""
    for matched in query.find_all(exp.RegexpLike):
        if isinstance(matched.expression, exp.Literal):
            matched.set("expression", exp.Literal.string(matched.expression.name.replace("\\b", "\\y")))
    for tried in list(query.find_all(exp.TryCast)):
        kind = tried.to.this.name
        if kind in _NUMBERS:
            like = exp.RegexpLike(this=tried.this.copy(), expression=exp.Literal.string(_NUMBERS[kind]))
            tried.replace(exp.Case().when(like, exp.Cast(this=tried.this.copy(), to=tried.to.copy())))


def _for_bigquery(query: exp.Expression, exp: Any) -> None:
    """Its windows put nulls first and cannot be told otherwise: whether there is a value goes before the value."""
    for window in query.find_all(exp.Window):
        order = window.args.get("order")
        keys: list[exp.Expression] = []
        for key in order.expressions if order else ():
            if not key.args.get("desc") and not key.args.get("nulls_first"):
                missing = exp.Case().when(exp.Is(this=key.this.copy(), expression=exp.Null()), exp.Literal.number(1))
                keys.append(exp.Ordered(this=missing.else_(exp.Literal.number(0)), nulls_first=True))
                key.set("nulls_first", True)
            keys.append(key)
        if order:
            order.set("expressions", keys)
