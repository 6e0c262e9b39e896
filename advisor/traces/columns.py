"""The event model: every column of the table `events`, its type, the names that emitters give it, and every kind.

A column has a public name, which people write in mapping files and read in reports, and a stored name, which SQL uses.
They differ for times only: a public `ts`, `deadline_ts` or `duration_ms` is stored in whole microseconds as `ts_us`,
`deadline_us` or `duration_us`. There is no other type than these four: no timestamps, no nested values.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

Type = Literal["VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN"]
Unit = Literal["text", "number", "flag", "instant", "milliseconds", "money"]

TYPES: dict[Unit, Type] = {
    "text": "VARCHAR",
    "number": "BIGINT",
    "flag": "BOOLEAN",
    "instant": "BIGINT",
    "milliseconds": "BIGINT",
    "money": "DOUBLE",
}


class Column(NamedTuple):
    """One column of the event table.

    Attributes:
        name: The public name.
        stored: The name in the table; times are whole microseconds (instants since 1970 in UTC).
        unit: What a source's value is; it decides the type and how text is read.
        group: What the column is for.
        emitted: Attribute names that declare it: OpenTelemetry's where one exists, `sdb.*` where none does.
        synonyms: Field names that application logs use for it; a value found under one is a guess.
    """

    name: str
    stored: str
    unit: Unit
    group: str
    emitted: tuple[str, ...]
    synonyms: tuple[str, ...]

    @property
    def type(self) -> Type:
        """The SQL type."""
        return TYPES[self.unit]


# group: name[:unit[:stored]] = emitted names | synonyms, a line each. Every column is also emitted as `sdb.<name>`,
# and with dots for underscores, but for `sdb.event.id`, which is the event that was consumed.
_MODEL = """
time
ts:instant:ts_us = | timestamp time @timestamp asctime datetime eventTime event_timestamp created_at date
end_ts:instant:end_us = | end_time ended_at finished_at end
duration_ms:milliseconds:duration_us = | duration elapsed_ms latency_ms took_ms duration_millis
observed_ts:instant:observed_us = | ingestionTime ingestion_time observedTimestamp
seq:number = | sequence seq_no offset_seq
seq_scope = |
identity
event_id = | id uuid log_id
request_id = sdb.request.id | req_id req correlation_id correlationId requestId workflow_id thread_id session_id \
conversation_id order_id case_id renewal_id ticket_id job_id renewal order case ticket session conversation thread
trace_id = | traceId trace dd.trace_id
span_id = | spanId dd.span_id
parent_span_id = | parentSpanId parent_id parent_span
run_id = sdb.run.id | runId execution_id
task = sdb.task.id | task_id
trial = sdb.trial.id |
replay_of = sdb.replay.of | forked_from
is_replay:flag = sdb.replay | replay
tenant = sdb.tenant.id | tenant_id
environment = deployment.environment.name deployment.environment | env
code_version = service.version | app_version build
what
kind = |
name = | operation
op_name = gen_ai.operation.name |
side_effect = sdb.side_effect | sideEffect
actor
agent_name = gen_ai.agent.name sdb.agent.name | agent agentName sub_agent
agent_id = gen_ai.agent.id |
agent_role = sdb.agent.role | role_of_agent
tool_name = gen_ai.tool.name | tool toolName function function_name action
tool_call_id = gen_ai.tool.call.id | call_id toolCallId tool_use_id
target_system = sdb.target.system | system target
resource_id = sdb.resource.id sdb.resource | resource row object_id entity_id
worker_id = sdb.worker.id sdb.worker | worker hostname host pod
consumer = sdb.consumer.id | consumer_id consumer_group
model
model_request = gen_ai.request.model | model model_name
model_response = gen_ai.response.model |
model_version = sdb.model.version | model_id
provider = gen_ai.provider.name gen_ai.system |
prompt_name = gen_ai.prompt.name |
prompt_version = sdb.prompt.version | prompt_id
retrieval_index_version = sdb.retrieval.index.version | index_version
content
input_hash = sdb.input.hash |
output_hash = sdb.output.hash |
args_hash = sdb.args.hash | arguments_hash
result_fp = sdb.result.hash sdb.result.fp | result_hash
text = sdb.text | message msg detail
outcome
status = | outcome result state level_status
status_raw = |
error_type = error.type exception.type sdb.error.type | errorType exception_type error_code exc_type
error_message = exception.message sdb.error.message | error exception errorMessage err
error_fp = sdb.error.fp sdb.error.fingerprint | fingerprint
decision = sdb.decision gen_ai.guardrail.verdict.type | verdict disposition
decision_source = sdb.decision.source | decided_by source_of_decision
reason_code = sdb.reject.code sdb.reason.code | code reject_code
reason_text = sdb.reject.reason sdb.reason.text | reason
policy_id = sdb.policy.id gen_ai.guardrail.security.policy.id gen_ai.security.policy.id | policy
policy_version = sdb.policy.version | policyVersion
policy_rule_id = sdb.policy.rule.id sdb.policy.rule gen_ai.policy.rule.id | rule rule_id
boundary
proposal_id = sdb.proposal.id | proposal
verification_id = sdb.verification.id | verification
verifies = |
caused_by = sdb.cause.id sdb.cause | causation_id cause
retries
attempt:number = | try attempt_number run_attempts
max_attempts:number = | max_retries
retry_of = sdb.retry.of |
retry_layer = sdb.retry.layer |
limits
deadline_ts:instant:deadline_us = sdb.deadline | deadline deadline_at expires_at
timeout_ms:milliseconds:timeout_us = sdb.timeout_ms sdb.timeout |
sla_ms:milliseconds:sla_us = sdb.sla | sla
state
op_id = sdb.cas.op sdb.op.id sdb.cas.op_id sdb.cas.id |
expected_version = sdb.cas.expected sdb.cas.expected_version | expect_v at_v if_match
actual_version = sdb.cas.actual sdb.cas.actual_version | now_v
new_version = sdb.cas.new sdb.cas.new_version | version v
from_state = sdb.state.from sdb.transition.from |
to_state = sdb.state.to sdb.transition.to |
llm_in_window:flag = sdb.cas.llm_in_window |
timer_id = sdb.timer.id sdb.timer | timer
scheduled_version = sdb.timer.scheduled_version sdb.timer.version | scheduled_at_v
events
event_in = sdb.event.in sdb.event.id | event_in_id
event_type = sdb.event.type |
event_time:instant:event_time_us = sdb.event.time sdb.event.event_time | occurred_at
partition_key = sdb.event.partition sdb.event.partition_key sdb.partition.key | partition
watermark_ts:instant:watermark_us = sdb.event.watermark sdb.watermark | watermark
sagas
action_id = sdb.action.id |
action_type = sdb.action.type |
step = sdb.step.name |
compensates = sdb.compensates.action |
saga_id = sdb.saga.id sdb.saga |
merges
merge_id = sdb.merge.id |
merge_field = sdb.merge.field |
winner_agent = sdb.merge.winner sdb.merge.winner_agent | winner
proposers = sdb.merge.proposers |
n_distinct:number = sdb.merge.n_distinct sdb.merge.distinct |
weight:money = sdb.merge.weight |
partial:flag = sdb.merge.partial |
control
child_id = sdb.child.id sdb.child | child
restart_count:number = sdb.restart.count | restarts
approval_id = sdb.approval.id | approval
cancel_scope = sdb.cancel.scope | scope
cleanup:flag = |
cost
input_tokens:number = gen_ai.usage.input_tokens gen_ai.usage.prompt_tokens | prompt_tokens tokens_in
output_tokens:number = gen_ai.usage.output_tokens gen_ai.usage.completion_tokens | completion_tokens tokens_out
cache_read_tokens:number = gen_ai.usage.cache_read.input_tokens |
cache_creation_tokens:number = gen_ai.usage.cache_creation.input_tokens |
reasoning_tokens:number = gen_ai.usage.reasoning.output_tokens |
cost_usd:money = sdb.cost_usd | cost
evaluation
eval_name = gen_ai.evaluation.name |
eval_score:money = gen_ai.evaluation.score.value |
eval_label = gen_ai.evaluation.score.label |
"""

KINDS = frozenset(
    """llm_call tool_call tool_result agent workflow retrieval embedding delegation message
    proposal verification gate_decision commit reject compensation reconcile cas state_transition timer_set timer_fire
    timer_cancel override approval_request approval_decision escalation throttle cancel_request cancel_check cancelled
    crash restart ok_tick merge merge_field event_append event_consume consume_result evaluation outcome
    log unknown""".split()
)
"""What a row can be; `log` is a line that says nothing this model knows, `unknown` a record that could not be read."""

STATUSES = frozenset("ok error timeout rejected denied cancelled pending skipped unknown".split())
DECISIONS = frozenset("allow deny modify warn escalate approve reject".split())
SOURCES_OF_DECISION = frozenset("rule model human config hook timeout unknown".split())
SIDE_EFFECTS = frozenset("none read write external_write unknown".split())
ROLES = frozenset("orchestrator sub_agent peer worker supervisor gate human".split())
DECLARED_BY = ("emitter", "format", "mapping", "guess")
"""Who says that a row is of its kind: the program that wrote it (`kind`, `sdb.kind`), the format, the user, or we."""

# Provenance: filled by the loader and never by a source.
PROVENANCE: dict[str, Type] = {
    "row_id": "BIGINT",
    "file": "BIGINT",
    "line": "BIGINT",
    "source_format": "VARCHAR",
    "declared_by": "VARCHAR",
    "request_id_source": "VARCHAR",
}


@cache
def columns() -> tuple[Column, ...]:
    """Every column that a source can fill, in the order of the model."""
    made: list[Column] = []
    group = ""
    for line in _MODEL.replace("\\\n", "").strip().splitlines():
        head, equals, tail = line.partition("=")
        if not equals:
            group = line.strip()
            continue
        name, unit, stored = (*head.strip().split(":"), "", "")[:3]
        emitted, _, synonyms = tail.partition("|")
        own = (name, f"sdb.{name}", *(() if name == "event_id" else (f"sdb.{name.replace('_', '.')}",)))
        names = tuple(dict.fromkeys((*own, *emitted.split())))
        made.append(Column(name, stored or name, unit or "text", group, names, tuple(synonyms.split())))  # type: ignore[arg-type]
    return tuple(made)


@cache
def by_name() -> dict[str, Column]:
    """Columns by public name and by stored name."""
    return {key: column for column in columns() for key in (column.name, column.stored)}


@cache
def declared() -> dict[str, Column]:
    """Columns by each attribute name that declares them."""
    return {name: column for column in columns() for name in column.emitted}


@cache
def guessed() -> dict[str, Column]:
    """Columns by each synonym; a synonym never hides a declared name."""
    known = declared()
    return {name: column for column in columns() for name in column.synonyms if name not in known}


def stored() -> dict[str, Type]:
    """Every column of the table `events` with its SQL type, provenance first."""
    return {**PROVENANCE, **{column.stored: column.type for column in columns()}}
