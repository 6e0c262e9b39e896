"""Plain chats: lists of messages, objects that hold one, and a message a line; Who&When's annotated failures as well.

A chat without an id is known by its file, its place in it and its content. A file with a message a line is one chat,
unless the messages name theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, count
from typing import Any

from advisor.traces.formats.conversations import converse, identity, is_conversation, judged, outcome
from advisor.traces.formats.framework_messages import is_of_adk, is_of_pydantic_ai
from advisor.traces.formats.messages import is_message, opened, rows_of
from advisor.traces.formats.positions import EACH, Places, lines_along
from advisor.traces.formats.rows import emitted, finished, first_text
from advisor.traces.records import CONFIRMED, Event, Format, Source, each, get, text_of

_LISTS = (
    "messages",
    "traj",
    "trajectory",
    "history",
    "conversation",
    "conversations",
    "dialogue",
    "transcript",
    "events",
)
CHATS = (
    "conversation_id",
    "session_id",
    "thread_id",
    "request_id",
    "trace_id",
    "chat_id",
    "run_id",
    "invocation_id",
    "invocationId",
)
"""Fields that name a conversation."""
_IDS = (*CHATS, "id")
_TASKS = ("task_id", "instance_id", "question_ID")
_SUCCESS = ("is_correct", "success", "resolved", "correct", "solved")
_SCORES = ("reward", "score")


def _held(value: Any) -> tuple[str, list[Any]] | None:
    """Where an object holds a conversation, and which; None where it holds none."""
    if not isinstance(value, Mapping):
        return None
    return next(((key, value[key]) for key in _LISTS if is_conversation(value.get(key))), None)


def _is_blamed(value: Any) -> bool:
    """A conversation of Who&When: with who made the mistake, and when."""
    return (
        isinstance(value, Mapping) and "mistake_agent" in value and "mistake_step" in value and _held(value) is not None
    )


def _share(sample: Sequence[Any], test: Any) -> bool:
    hits = sum(1 for value in sample if test(value))
    return hits > 0 and hits >= CONFIRMED * len(sample)


def _is_chat(source: Source) -> bool:
    if source.shape not in ("lines", "document", "parquet"):
        return False
    if _share(source.sample, is_message):
        # One message alone is not yet a chat, and tells too little.
        return len(source.sample) > 1 and any(_has_role(value) for value in source.sample)
    return _share(source.sample, lambda value: _held(value) is not None or is_conversation(value))


def _has_role(value: Any) -> bool:
    return isinstance(value, Mapping) and (
        value.get("role") is not None or is_of_adk(value) or is_of_pydantic_ai(value)
    )


def _is_who_and_when(source: Source) -> bool:
    return _share(source.sample, _is_blamed)


def _read(source: Source) -> Iterator[Event]:
    if _share(source.sample, is_message):
        yield from _single(source)
        return
    lines = _Lines(source)
    for place, (line, value) in enumerate(each(source), 1):
        held = ("", value) if is_conversation(value) else _held(value)
        if held is None:
            source.bad(line, "holds no conversation")
            continue
        yield from _conversation(source, line, value, held, place, lines.of(held[0], place))


def _conversation(
    source: Source,
    line: int,
    value: Any,
    held: tuple[str, list[Any]],
    place: int,
    line_of: Callable[[int], int | None],
) -> Iterator[Event]:
    """The rows of one conversation, and of how it ended where that is told."""
    messages = held[1]
    about: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
    common = _common(source, about, messages, place)
    given = emitted(about, about.get("metadata"))
    last = 0
    spoken = _spoken(messages, about.get("system_prompt"))
    for event in converse(spoken, lambda index: line_of(index) or line, common, source.bad):
        last = event["seq"]
        yield finished(event, given)
    verdict = judged(next((about[k] for k in _SUCCESS if isinstance(about.get(k), bool)), None))
    verdict = judged(None, next((about[k] for k in _SCORES if about.get(k) is not None), None)) | verdict
    if verdict:
        task = first_text(about, "task_id", "instance_id", "question_ID")
        yield outcome(common, line, last + 1, {**verdict, "name": task, "task": task})


def _spoken(messages: list[Any], prompts: Any) -> list[Any]:
    """In Who&When every speaker with a prompt of its own is a model, whatever role the log's owner gave it."""
    if not isinstance(prompts, Mapping):
        return messages
    return [
        {**one, "role": "assistant"} if isinstance(one, Mapping) and text_of(one.get("name")) in prompts else one
        for one in messages
    ]


def _common(source: Source, about: Mapping[str, Any], messages: list[Any], place: int) -> Event:
    name = next((name for name in _IDS if text_of(about.get(name)) is not None), None)
    common: Event = {"agent_name": first_text(about, "agent_name", "agent") or "assistant"}
    common["model_request"] = first_text(about, "model", "model_name")
    if name is not None:
        return {**common, "request_id": text_of(about[name]), "request_id_source": name}
    for key in CHATS:
        if (told := text_of(get(messages, 0, key))) is not None:
            return {**common, "request_id": told, "request_id_source": key}
    task = first_text(about, *_TASKS)
    named = (source.path.stem, place if task is None else None if task == source.path.stem else task)
    common["request_id"] = identity(*named, content=messages)
    return {**common, "request_id_source": "place"}


class _Lines:
    """The lines of messages in a document; each list's name is looked for once."""

    def __init__(self, source: Source) -> None:
        """Nothing is looked for yet."""
        self.text = source.text if source.shape == "document" else ""
        self.known: dict[str, Places] = {}

    def of(self, key: str, place: int) -> Callable[[int], int | None]:
        """The lines of one conversation's messages, by the message's index."""
        if key not in self.known:
            inner = (key, EACH) if key else (EACH,)
            several = lines_along(self.text, EACH, *inner)
            self.known[key] = several or {(0, *at): line for at, line in lines_along(self.text, *inner).items()}
        found = self.known[key]
        return lambda index: found.get((place - 1, index))


def _single(source: Source) -> Iterator[Event]:
    """Messages one by one."""
    records = iter(each(source))
    first = next(records, None)
    whole = identity(source.path.stem, content=first.value if first else None)
    counter = count(1)
    for line, value in chain([first] if first else [], records):
        message = opened(value)
        if message is None:
            source.bad(line, "is no message of a chat")
            continue
        name = next((name for name in CHATS if text_of(value.get(name)) is not None), None)
        request, named = (text_of(value[name]), name) if name is not None else (whole, "place")
        common: Event = {"agent_name": "assistant", "request_id": request, "request_id_source": named}
        for event in rows_of(message, line, common):
            yield {**event, "seq": next(counter), "seq_scope": "request"}


FORMATS = (
    Format("who_when", "Who&When annotated failures", "openai-agents", _is_who_and_when, _read),
    Format("chat_messages", "Chat messages", "openai-agents", _is_chat, _read),
)
