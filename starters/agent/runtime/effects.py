"""Effects on the outside world: an intent is durable before the call, so that a crash never leaves us guessing.

After a crash an intent without a result is *in doubt*. A tool that honours idempotency keys is called again with the same
key. A tool with a look-up is asked whether the effect landed. For any other tool only a person can know, and a person is
asked: calling again might double the effect, and doing nothing might lose it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..telemetry import span
from .clock import Clock
from .db import Database, canonical, digest, parse
from .errors import NeedsPerson, ToolFailed
from .leases import Lease, Leases

DDL = (
    "CREATE TABLE IF NOT EXISTS effect (key TEXT PRIMARY KEY, request_id TEXT NOT NULL, tool TEXT NOT NULL,"
    " args TEXT NOT NULL, state TEXT NOT NULL, result TEXT, error TEXT, calls BIGINT NOT NULL, at BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS effect_request ON effect (request_id)",
)
Args = dict[str, Any]


@dataclass(frozen=True)
class Tool:
    """One operation of an outside system.

    Attributes:
        name: What policies, kill switches and logs call it.
        call: Does it; takes the idempotency key and the arguments; raises `ToolFailed` when nothing was changed.
        honours_keys: Whether a second call with the same key has no second effect.
        look_up: Tells the result of a key that landed, None for one that did not.
        reads_only: Whether it leaves the outside as it was.
    """

    name: str
    call: Callable[[str, Args], Args]
    honours_keys: bool = False
    look_up: Callable[[str], Args | None] | None = None
    reads_only: bool = False


class Effects:
    """The ledger of intents and results."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        leases: Leases,
        before_call: Callable[[str, str], None] = lambda tool, request: None,
        attempts: int = 3,
    ) -> None:
        self._db, self._clock, self._leases = db, clock, leases
        self._before_call, self._attempts = before_call, attempts

    def perform(
        self,
        tool: Tool,
        key: str,
        args: Args,
        *,
        request_id: str,
        lease: Lease | None = None,
        landed: Callable[[Args], None] | None = None,
        cleanup: bool = False,
        **trace: Any,
    ) -> Args:
        """Brings an effect about exactly once under its key; a key that is done already gives its result again.

        Args:
            tool: What to call.
            key: The idempotency key, the same for every attempt at this effect.
            args: Its arguments, which may not change between attempts.
            request_id: The case it belongs to.
            lease: The right under which this worker acts; checked in the transaction that records the intent.
            landed: Written in the same transaction as the result, so that both are durable or neither.
            cleanup: Compensations go on when the kill switch is thrown: half-done work is worse than none.
            trace: More attributes for the span.

        Raises:
            ToolFailed: The tool says for certain that nothing happened.
            NeedsPerson: Whether it happened cannot be known.
        """
        known = self._intend(tool, key, args, request_id, lease)
        if known["state"] == "done":
            result: Args = parse(known["result"])
            return result
        if known["state"] == "failed":
            raise ToolFailed(known["error"])
        if known["calls"]:
            found = self._settle_doubt(tool, key, known["calls"])
            if found is not None:
                return self._record(key, found, landed)
        error: Exception | None = None
        for attempt in range(1, self._attempts + 1):
            if not cleanup:
                self._before_call(tool.name, request_id)
            with self._db.tx():
                if lease:
                    self._leases.renew(lease)
                self._db.run("UPDATE effect SET calls = calls + 1 WHERE key = ?", key)
            try:
                return self._record(key, self._call(tool, key, args, attempt, cleanup, trace), landed)
            except ToolFailed as failed:
                self._db.run("UPDATE effect SET state = 'failed', error = ? WHERE key = ?", str(failed), key)
                raise
            except Exception as unknown:  # whatever else a client raises, the effect may have landed
                error = unknown
            found = self._settle_doubt(tool, key, attempt)
            if found is not None:
                return self._record(key, found, landed)
        raise NeedsPerson("effect_in_doubt", f"{tool.name} gave no answer {self._attempts} times for {key}: {error}")

    def settle(self, key: str, result: Args | None) -> bool:
        """A person says how an effect in doubt ended: with this result, or (None) not at all."""
        state = "failed" if result is None else "done"
        sql = "UPDATE effect SET state = ?, result = ?, error = ? WHERE key = ? AND state = 'intent'"
        error = "a person found that it did not happen" if result is None else None
        return bool(self._db.run(sql, state, None if result is None else canonical(result), error, key))

    def _intend(self, tool: Tool, key: str, args: Args, request_id: str, lease: Lease | None) -> dict[str, Any]:
        with self._db.tx():
            if lease:
                self._leases.renew(lease)
            self._db.run(
                "INSERT INTO effect (key, request_id, tool, args, state, calls, at) VALUES (?, ?, ?, ?, 'intent', 0, ?)"
                " ON CONFLICT (key) DO NOTHING",
                *(key, request_id, tool.name, canonical(args), self._clock.now()),
            )
            known = self._db.row("SELECT * FROM effect WHERE key = ?", key)
        assert known is not None
        if known["args"] != canonical(args):
            raise NeedsPerson("changed_arguments", f"{key} was intended with other arguments")
        return known

    def _settle_doubt(self, tool: Tool, key: str, calls: int) -> Args | None:
        """What became of earlier calls under this key: a result, or None when calling again is safe."""
        if tool.look_up:
            return tool.look_up(key)
        if tool.honours_keys or tool.reads_only:
            return None
        raise NeedsPerson("effect_in_doubt", f"{tool.name} may have happened ({calls} calls, no answer) for {key}")

    def _call(self, tool: Tool, key: str, args: Args, attempt: int, cleanup: bool, trace: dict[str, Any]) -> Args:
        with span(
            f"execute_tool {tool.name}",
            "tool_call",
            **{
                "tool_name": tool.name,
                "tool_call_id": f"{key}#{attempt}",
                "args_hash": digest(args),
                "attempt": attempt,
                "max_attempts": self._attempts,
                "retry_layer": "orchestrator",
                "side_effect": "read" if tool.reads_only else "external_write",
                "cleanup": True if cleanup else None,
                **trace,
            },
        ) as call:
            result = tool.call(key, args)
            call.set(status="ok", result_fp=digest(result))
            return result

    def _record(self, key: str, result: Args, landed: Callable[[Args], None] | None) -> Args:
        with self._db.tx():
            changed = self._db.run(
                "UPDATE effect SET state = 'done', result = ? WHERE key = ? AND state = 'intent'",
                canonical(result),
                key,
            )
            if changed and landed:
                landed(result)
        return result
