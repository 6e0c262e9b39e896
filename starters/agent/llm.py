"""The model port: `LLM=stub | openai:<model> | any:<provider>:<model>`.

One call is one request. The port never retries by itself, because whoever owns the deadline owns the retries, and SDKs
that retry in secret multiply both. The time-out of a call is what is left of the caller's deadline. An answer that does
not fit the asked type is an error of its own kind, which the boundary turns into a typed reject.
"""

from __future__ import annotations

import contextvars
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from .runtime.db import digest
from .runtime.errors import DeadlineExceeded
from .telemetry import span

T = TypeVar("T", bound=BaseModel)


class ModelFailed(Exception):
    """The provider gave no answer: an HTTP error, a broken connection, a time-out."""


class UntypedAnswer(Exception):
    """The model answered, but not in the asked shape; `text` is what it said."""

    def __init__(self, text: str, why: str) -> None:
        super().__init__(why)
        self.text = text


@dataclass(frozen=True)
class Answer(Generic[T]):
    """A typed answer with what has to be remembered about it: which model gave it, and at what cost."""

    value: T
    model: str
    input_tokens: int = 0
    output_tokens: int = 0


class Model(Protocol):
    """What a proposer needs of a model."""

    name: str

    def ask(self, prompt: str, answer: type[T], timeout_s: float) -> Answer[T]:
        """One request, one answer of the given type, within the time."""
        ...


_asking: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("asking", default=())


@contextmanager
def asking(part: str) -> Iterator[None]:
    """Names who asks the model, from the seam's attempt down to the sub-agent."""
    token = _asking.set((*_asking.get(), part))
    try:
        yield
    finally:
        _asking.reset(token)


def who_asks() -> str:
    """The path of names that `asking` has set."""
    return "/".join(_asking.get()) or "-"


def connect(setting: str | None = None) -> Model:
    """The model that `LLM` names; the scripted stub unless it names another.

    Raises:
        ValueError: The setting names no known kind of model.
    """
    setting = setting or os.environ.get("LLM") or "stub"
    kind, _, rest = setting.partition(":")
    if kind == "stub":
        return Recorded(Stub(version=rest or "stub-1"))
    if kind == "openai" and rest:
        return Recorded(OpenAI(rest))
    if kind == "any" and rest.count(":") >= 1:
        provider, _, model = rest.partition(":")
        return Recorded(AnyProvider(provider, model))
    raise ValueError(f"LLM={setting!r} is none of stub, openai:<model>, any:<provider>:<model>")


class Recorded:
    """Any model, with a span for each call and no call at all when the time is up."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.name = model.name

    def ask(self, prompt: str, answer: type[T], timeout_s: float) -> Answer[T]:
        """Asks the model inside.

        Raises:
            DeadlineExceeded: There is no time left to ask.
            ModelFailed: The provider gave no answer.
            UntypedAnswer: The answer has another shape.
        """
        if timeout_s <= 0:
            raise DeadlineExceeded("no time is left for a model call")
        provider = self.name.partition(":")[0]
        with span("chat", "llm_call", model_request=self.name, provider=provider, input_hash=digest(prompt)) as call:
            got = self.model.ask(prompt, answer, timeout_s)
            call.set(
                model_response=got.model,
                input_tokens=got.input_tokens,
                output_tokens=got.output_tokens,
                output_hash=digest(got.value.model_dump(mode="json")),
                status="ok",
            )
            return got


def read_answer(text: str, answer: type[T]) -> T:
    """A model's text as the asked type.

    Raises:
        UntypedAnswer: It is not that.
    """
    try:
        return answer.model_validate_json(text)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise UntypedAnswer(text, faults) from None


class Stub:
    """A model for tests and demonstrations: its answers are a function of the prompt and the asked type alone.

    `STUB_LLM_SCRIPT` may name a JSON file that maps parts of prompts to answers: an object is the answer, a string is
    raw text (to act as a model that does not keep to the shape), `{"error": "..."}` a provider that fails, and a list
    gives one after the other, the last for ever.
    """

    def __init__(self, version: str = "stub-1", script: dict[str, Any] | None = None) -> None:
        self.name = f"stub:{version}"
        path = os.environ.get("STUB_LLM_SCRIPT")
        self._script = script if script is not None else json.loads(Path(path).read_text("utf-8")) if path else {}
        self._seen: dict[str, int] = {}
        self.calls = 0

    def ask(self, prompt: str, answer: type[T], timeout_s: float) -> Answer[T]:
        """The scripted answer, or one that fits the type."""
        self.calls += 1
        for part, scripted in self._script.items():
            if part not in prompt:
                continue
            chosen = scripted
            if isinstance(scripted, list):
                position = self._seen.get(part, 0)
                self._seen[part] = position + 1
                chosen = scripted[min(position, len(scripted) - 1)]
            if isinstance(chosen, dict) and set(chosen) == {"error"}:
                raise ModelFailed(str(chosen["error"]))
            text = chosen if isinstance(chosen, str) else json.dumps(chosen)
            return self._answer(prompt, read_answer(text, answer))
        schema = answer.model_json_schema()
        made = _fitting(schema, schema.get("$defs", {}), int(digest([self.name, prompt]), 16))
        return self._answer(prompt, answer.model_validate(made))

    def _answer(self, prompt: str, value: T) -> Answer[T]:
        size = len(value.model_dump_json())
        return Answer(value, self.name, input_tokens=len(prompt) // 4, output_tokens=size // 4)


def _fitting(schema: dict[str, Any], definitions: dict[str, Any], seed: int) -> Any:
    """A value that fits a JSON schema; the same seed gives the same value."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    if "const" in schema:
        return schema["const"]
    if examples := schema.get("examples"):
        return examples[seed % len(examples)]
    if "enum" in schema:
        return schema["enum"][seed % len(schema["enum"])]
    if "anyOf" in schema:
        return _fitting(schema["anyOf"][0], definitions, seed)
    kind = schema.get("type")
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: _fitting(part, definitions, int(digest([seed, name]), 16)) for name, part in fields.items()}
    if kind in ("integer", "number"):
        low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        high = schema.get("maximum", schema.get("exclusiveMaximum", low + 101) - 1)
        return int(low) + seed % max(int(high) - int(low) + 1, 1)
    if kind == "array":
        return [_fitting(schema.get("items", {}), definitions, seed + i) for i in range(schema.get("minItems", 1))]
    if kind == "boolean":
        return bool(seed % 2)
    if kind == "null":
        return None
    return f"text-{seed % 1000}".ljust(schema.get("minLength", 0), "x")


class OpenAI:
    """Any server that speaks OpenAI's chat completions; `OPENAI_BASE_URL` and `OPENAI_API_KEY` say which."""

    def __init__(self, model: str) -> None:
        self.name = f"openai:{model}"
        self._model = model
        self._url = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1").rstrip("/") + "/chat/completions"

    def ask(self, prompt: str, answer: type[T], timeout_s: float) -> Answer[T]:
        """One HTTP request without a library that might send another."""
        shape = {"name": answer.__name__, "schema": answer.model_json_schema(), "strict": False}
        body = {
            "model": self._model,
            "messages": [{"role": "user", "content": prompt}],
            "response_format": {"type": "json_schema", "json_schema": shape},
        }
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get("OPENAI_API_KEY"):
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(self._url, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as response:
                got = json.load(response)
            text = got["choices"][0]["message"]["content"]
        except urllib.error.HTTPError as error:
            raise ModelFailed(f"HTTP {error.code}") from error
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            raise ModelFailed(f"{type(error).__name__}: {error}") from error
        usage = got.get("usage") or {}
        return Answer(
            read_answer(text or "", answer),
            got.get("model") or self._model,
            usage.get("prompt_tokens") or 0,
            usage.get("completion_tokens") or 0,
        )


class AnyProvider:
    """Any provider that any-llm knows (extra `any-llm`), with the hidden retries of its SDK switched off."""

    def __init__(self, provider: str, model: str) -> None:
        self.name = f"{provider}:{model}"
        self._provider, self._model = provider, model

    def ask(self, prompt: str, answer: type[T], timeout_s: float) -> Answer[T]:
        """One request through any-llm."""
        from any_llm import completion

        try:
            got: Any = completion(
                model=self._model,
                provider=self._provider,
                messages=[{"role": "user", "content": prompt}],
                response_format=answer,
                client_args={"max_retries": 0, "timeout": timeout_s},
            )
        except Exception as error:  # each provider raises types of its own
            raise ModelFailed(f"{type(error).__name__}: {error}") from error
        usage = getattr(got, "usage", None)
        return Answer(
            read_answer(got.choices[0].message.content or "", answer),
            str(got.model),
            getattr(usage, "prompt_tokens", 0) or 0,
            getattr(usage, "completion_tokens", 0) or 0,
        )
