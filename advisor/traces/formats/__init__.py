"""The log formats, a module each, in the order in which they are tried: the first that knows a source reads it."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from advisor.traces.records import Format, Source

ORDER: tuple[str, ...] = (
    "dbos",
    "langgraph_sqlite",
    "claude_code_otel",
    "otlp",
    "otel_console",
    "temporal",
    "langfuse",
    "openai_agents",
    "langsmith",
    "claude_code_session",
    "phoenix",
    "langgraph",
    "langchain_events",
    "crewai",
    "autogen",
    "managed_agents",
    "datadog",
    "inspect_log",
    "tau_bench",
    "swe_agent",
    "smolagents",
    "medagentbench",
    "model_calls",
    "chat_messages",
    "flat_attributes",
)
"""The modules of this package that declare formats; each has a tuple `FORMATS`."""


@cache
def formats() -> tuple[Format, ...]:
    """Every format, in the order in which they are tried."""
    return tuple(one for name in ORDER for one in import_module(f"advisor.traces.formats.{name}").FORMATS)


def known(source: Source) -> Format | None:
    """The first format that knows a source; None where none does."""
    return next((one for one in formats() if one.sniff(source)), None)
