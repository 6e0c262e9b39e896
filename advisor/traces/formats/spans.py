"""Span attributes into an event, whoever wrote them.

OpenTelemetry's GenAI names, OpenInference's, and those of instrumentations that came before either, are told apart by
the names alone, so that one reading serves OTLP, Phoenix, Langfuse and flat records.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from advisor.traces import columns, values
from advisor.traces.attributes import fill
from advisor.traces.formats.chat import answer, loaded, question
from advisor.traces.records import Event, Record, Source, each, get

_KINDS = {
    "llm_call": "chat generate_content text_completion completion llm chat_model generation",
    "embedding": "embeddings embedding embed",
    "retrieval": "retrieval retriever reranker rerank search_memory",
    "tool_call": "execute_tool tool mcp_tool",
    "agent": "invoke_agent create_agent agent plan",
    "workflow": "invoke_workflow workflow chain task",
    "gate_decision": "run_guardrail guardrail decision",
    "evaluation": "evaluator evaluation",
    "log": "prompt parser unknown event create_memory update_memory delete_memory upsert_memory",
}
KIND_OF: Mapping[str, str] = {word: kind for kind, words in _KINDS.items() for word in words.split()}
"""What a platform's word for an operation is in this model: OpenTelemetry's, OpenInference's, LangSmith's, …"""

_OPERATIONS = (
    "gen_ai.operation.name openinference.span.kind traceloop.span.kind llm.request.type mlflow.spanType".split()
)
_VERCEL = {
    "ai.generateText": "agent",
    "ai.streamText": "agent",
    "ai.generateObject": "agent",
    "ai.streamObject": "agent",
    "ai.generateText.doGenerate": "llm_call",
    "ai.streamText.doStream": "llm_call",
    "ai.generateObject.doGenerate": "llm_call",
    "ai.streamObject.doStream": "llm_call",
    "ai.toolCall": "tool_call",
    "ai.embed.doEmbed": "embedding",
    "ai.embedMany.doEmbed": "embedding",
}
# Names that other conventions have for a column; used where none of the column's own names is there.
_ALIASES: dict[str, Sequence[str]] = {
    "agent_name": "agent.name graph.node.name agent_name".split(),
    "tool_name": "tool.name ai.toolCall.name".split(),
    "tool_call_id": "tool_call.id tool.id ai.toolCall.id".split(),
    "model_request": """llm.request.model_name llm.model_name embedding.model_name decision.request.model_name
        decision.model_name ai.model.id llm.request.model""".split(),
    "model_response": "llm.response.model_name decision.response.model_name ai.response.model".split(),
    "provider": "llm.provider llm.system decision.provider ai.model.provider".split(),
    "prompt_name": "langfuse.observation.prompt.name traceloop.prompt.key".split(),
    "prompt_version": """llm.prompt_template.version gen_ai.prompt.version langfuse.observation.prompt.version
        traceloop.prompt.version""".split(),
    "input_tokens": """llm.token_count.prompt decision.token_count.input llm.usage.prompt_tokens ai.usage.inputTokens
        ai.usage.promptTokens""".split(),
    "output_tokens": """llm.token_count.completion decision.token_count.output llm.usage.completion_tokens
        ai.usage.outputTokens ai.usage.completionTokens""".split(),
    "cache_read_tokens": "llm.token_count.prompt_details.cache_read gen_ai.usage.cache_read_input_tokens".split(),
    "cache_creation_tokens": """llm.token_count.prompt_details.cache_write
        gen_ai.usage.cache_creation_input_tokens""".split(),
    "reasoning_tokens": ["llm.token_count.completion_details.reasoning"],
    "cost_usd": "llm.cost.total operation.cost".split(),
    "worker_id": ["service.instance.id"],
}
_ALIAS_OF = {name: (column, rank) for column, names in _ALIASES.items() for rank, name in enumerate(names)}
SESSIONS = """gen_ai.conversation.id session.id langfuse.session.id
    traceloop.association.properties.session_id""".split()
"""Attributes that name the unit of work, the first that is there counts."""
_REQUEST = ("sdb.request.id", "sdb.request_id")
_ARGUMENTS = """gen_ai.tool.call.arguments tool_arguments ai.toolCall.args gcp.vertex.agent.tool_call_args
    traceloop.entity.input input.value""".split()
_RESULT = """gen_ai.tool.call.result tool_response ai.toolCall.result gcp.vertex.agent.tool_response
    traceloop.entity.output output.value""".split()
_ASKED = "gen_ai.input.messages llm.input_messages gen_ai.prompt ai.prompt.messages ai.prompt".split()
_SAID = "gen_ai.output.messages llm.output_messages gen_ai.completion".split()
_FALLBACK = ("input.value", "traceloop.entity.input"), ("output.value", "traceloop.entity.output")
_SPACES = frozenset(
    """sdb gen_ai openinference llm input output tool tool_call session user agent graph exception prompt deployment
    service error embedding retrieval decision langfuse traceloop ai""".split()
)
_METADATA = ("metadata.", "langfuse.observation.metadata.", "langfuse.trace.metadata.")
# Content, not names: what stands under these is one value.
_WHOLE = frozenset("input.value output.value gen_ai.tool.call.arguments gen_ai.tool.call.result".split())
_TIMED_OUT = re.compile(r"(\w+\.)*(timeout|timed_out|deadline_?exceeded|\w*timeout(error|exception)?)", re.IGNORECASE)
_CANCELLED = re.compile(r"(\w+\.)*(cancell?ed|cancell?ed(error|exception)|aborterror)", re.IGNORECASE)


def flat(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes with dotted names, where an export nested them; content and lists stay whole."""
    made: dict[str, Any] = {}

    def put(name: str, value: Any, depth: int) -> None:
        space = name.partition(".")[0]
        if isinstance(value, Mapping) and space in _SPACES and name not in _WHOLE and depth < 12:
            for key, inner in value.items():
                put(f"{name}.{key}", inner, depth + 1)
        else:
            made.setdefault(name, value)

    for name, value in attributes.items():
        put(str(name), value, 0)
    return made


def listed(attributes: Mapping[str, Any], prefix: str) -> list[Any] | None:
    """A list that was flattened into `prefix.0.a.b`, `prefix.1.a.b`, as it was; None where there is none."""
    root: dict[str, Any] = {}
    for name, value in attributes.items():
        if not name.startswith(prefix + "."):
            continue
        path = name[len(prefix) + 1 :].split(".")
        if not path[0].isdigit() or len(path) > 24:
            continue
        at = root
        for step in path[:-1]:
            inner = at.setdefault(step, {})
            if not isinstance(inner, dict):
                break
            at = inner
        else:
            at[path[-1]] = value
    return _relisted(root) if root else None


def _relisted(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_relisted(value[key]) for key in sorted(value, key=lambda key: (len(key), key))]
    return {key: _relisted(inner) for key, inner in value.items()}


def first(attributes: Mapping[str, Any], names: Iterable[str]) -> Any:
    """The value of the first name that has one."""
    return next((attributes[name] for name in names if attributes.get(name) not in (None, "")), None)


def kind_of(attributes: Mapping[str, Any]) -> str | None:
    """A span's kind as its attributes declare it; None where they do not."""
    for name in _OPERATIONS:
        value = attributes.get(name)
        kind = KIND_OF.get(values.word(str(value).strip('"'))) if value else None
        if kind:
            return kind
    return _VERCEL.get(str(attributes.get("ai.operationId")))


def describe(event: Event, attributes: Mapping[str, Any], given: Any = None, got: Any = None) -> None:
    """Completes an event from a span's attributes; what the event has stays, but for what `sdb.*` declares.

    Args:
        event: At least `line`; `kind` and `name` where the format has them.
        attributes: Flat or nested.
        given: The span's input, where the format has a place of its own for it.
        got: The span's output, likewise.
    """
    merged = flat(attributes)
    merged = {**_metadata(merged), **merged}
    _rename(merged)
    _place_kind(event, merged)
    event.setdefault("declared_by", "format")
    _name_actor(event, merged)
    _read_content(event, merged, given, got)
    if "sdb.status" in merged:
        event["status_raw"] = None
    fill(event, merged)
    identify(event, merged)


def _metadata(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What callers attach to a span on their own: an object, or names below the ones that hold it."""
    metadata = loaded(attributes.get("metadata"))
    found = flat(metadata) if isinstance(metadata, Mapping) else {}
    for name, value in attributes.items():
        if name.startswith(_METADATA):
            found[name.partition("metadata.")[2]] = value
    return found


def _rename(attributes: dict[str, Any]) -> None:
    """Puts what stands under another convention's name under the column's, where none of its own names is there."""
    found: dict[str, tuple[int, Any]] = {}
    for name, value in attributes.items():
        place = _ALIAS_OF.get(name)
        if place is None or value is None or value == "":
            continue
        column, rank = place
        if column not in found or rank < found[column][0]:
            found[column] = rank, value
    for column, (_, value) in found.items():
        if first(attributes, columns.by_name()[column].emitted) is None:
            attributes[column] = value


def _place_kind(event: Event, attributes: Mapping[str, Any]) -> None:
    """The kind, where the format gave none: declared by an operation's name, or guessed from a model's."""
    if event.get("kind") is not None:
        return
    event["kind"] = kind_of(attributes)
    if event["kind"] is None and attributes.get("gen_ai.tool.call.id"):
        event["kind"] = "tool_call"
    if event["kind"] is None and attributes.get("gen_ai.request.model"):
        event["kind"], event["declared_by"] = "llm_call", "guess"
    if event["kind"] is None and attributes.get("agent_name") and attributes.get("model_name"):
        event["kind"], event["declared_by"] = "agent", "guess"  # Pydantic AI, before it named operations
    event["kind"] = event["kind"] or "log"


def _name_actor(event: Event, attributes: dict[str, Any]) -> None:
    """The agent's or the tool's name from the span's, where no attribute has it."""
    name = event.get("name")
    if event["kind"] == "agent" and first(attributes, ("agent_name", "gen_ai.agent.name", "sdb.agent.name")) is None:
        known = first(attributes, ("graph.node.id", "gen_ai.agent.id"))
        attributes["agent_name"] = known or (name.removeprefix("invoke_agent ") if isinstance(name, str) else None)
    if event["kind"] == "tool_call" and first(attributes, ("tool_name", "gen_ai.tool.name")) is None:
        attributes["tool_name"] = name.removeprefix("execute_tool ") if isinstance(name, str) else None
    if event["kind"] == "gate_decision" and first(attributes, ("decision.model_name", "decision.request.model_name")):
        attributes.setdefault("decision_source", "model")


def _read_content(event: Event, attributes: Mapping[str, Any], given: Any, got: Any) -> None:
    """Hashes of what went in and came out, and an excerpt of the latter."""
    if event["kind"] == "tool_call":
        arguments, result = first(attributes, _ARGUMENTS), first(attributes, _RESULT)
        arguments, result = given if arguments is None else arguments, got if result is None else result
        for column, value in (("args_hash", arguments), ("result_fp", result)):
            if event.get(column) is None:
                event[column] = values.fingerprint(value)
        if event.get("text") is None:
            event["text"] = values.excerpt(result)
        return
    asked, said = given, got
    if event["kind"] == "llm_call":
        asked = _messages(attributes, _ASKED) or asked
        said = _messages(attributes, _SAID) or first(attributes, ("ai.response.text", "ai.response.toolCalls")) or said
    asked = first(attributes, _FALLBACK[0]) if asked in (None, "") else asked
    said = first(attributes, _FALLBACK[1]) if said in (None, "") else said
    if event.get("input_hash") is None:
        event["input_hash"] = question(asked)
    hashed, text = answer(said)
    if event.get("output_hash") is None:
        event["output_hash"] = hashed
    if event.get("text") is None:
        event["text"] = text


def _messages(attributes: Mapping[str, Any], names: Iterable[str]) -> Any:
    for name in names:
        value = attributes.get(name)
        found = value if value not in (None, "") else listed(attributes, name)
        if found is not None:
            return found
    return None


def identify(event: Event, attributes: Mapping[str, Any]) -> None:
    """The unit of work that a row belongs to, and which field said so; the trace where nothing does."""
    if event.get("request_id") is not None:
        declared = next((name for name in _REQUEST if attributes.get(name) not in (None, "")), None)
        event["request_id_source"] = declared or event.get("request_id_source") or "request_id"
        return
    for name in SESSIONS:
        if isinstance(attributes.get(name), str | int) and attributes[name] != "":
            event["request_id"], event["request_id_source"] = str(attributes[name]), name
            return
    if event.get("trace_id") is not None:
        event["request_id"], event["request_id_source"] = event["trace_id"], "trace_id"


def settle(events: Sequence[Event]) -> None:
    """Gives the rows of a trace the one unit of work that some of them name, where the others only have the trace."""
    named: dict[str, set[tuple[str, str]]] = {}
    for event in events:
        if event.get("trace_id") is not None and event.get("request_id_source") not in (None, "trace_id"):
            named.setdefault(event["trace_id"], set()).add((event["request_id"], event["request_id_source"]))
    for event in events:
        known = named.get(event.get("trace_id") or "")
        if known and event.get("request_id_source") == "trace_id" and len({one for one, _ in known}) == 1:
            event["request_id"], event["request_id_source"] = min(known)


def outcome(event: Event, raw: Any, failed: bool, ended: bool) -> None:
    """The state of a span: its format says only whether it failed, the error's type whether in time or by a stop."""
    event["status_raw"] = None if raw is None else str(raw)
    if not failed:
        event["status"] = "ok" if ended else None
        return
    kind = str(event.get("error_type") or "")
    if _TIMED_OUT.fullmatch(kind):
        event["status"] = "timeout"
    elif _CANCELLED.fullmatch(kind):
        event["status"] = "cancelled"
    else:
        event["status"] = "error"


def items(value: Any, *path: str) -> list[Any]:
    """The list that stands at a path; an empty one where there is none."""
    found = get(value, *path)
    return found if isinstance(found, list) else []


def peek(source: Source, *keys: str) -> Sequence[Any]:
    """What to sniff: the elements of the first list that a document has under one of `keys`, else the sample itself."""
    key = _wrapping(source, keys)
    return get(source.sample[0], key) if key else source.sample


def within(source: Source, *keys: str) -> Iterator[Record]:
    """A source's records: those of the first list that a document has under one of `keys`, else its own."""
    key = _wrapping(source, keys)
    return each(source, key) if key else each(source)


def _wrapping(source: Source, keys: Iterable[str]) -> str | None:
    if source.shape != "document" or not source.sample:
        return None
    return next((key for key in keys if isinstance(get(source.sample[0], key), list)), None)
