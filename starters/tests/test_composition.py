"""The project as a whole: a request, the same request again, a no, a crash, and what joins it all."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path
from typing import Any

import pytest

import starters.agent as package
from starters.agent import outside
from starters.agent.app import build
from starters.agent.llm import Stub
from starters.agent.runtime.clock import SimulatedClock
from starters.agent.runtime.errors import Conflict
from starters.agent.runtime.project import Project

REQUEST = {"customer": "C-1", "amount_cents": 10_000}
GOOD = {"discount_percent": 5, "message": "five percent"}


def project(url: str, script: dict[str, object] | None = None) -> Project:
    # The first scripted part that stands in the prompt answers: what is asked after a reject comes first.
    return build(
        url, clock=SimulatedClock(), model=Stub(script={"Propose a discount": GOOD} if script is None else script)
    )


def test_a_request_is_done_and_its_repetition_has_no_new_effect(url: str) -> None:
    first = project(url)
    case = first.flow.handle("C-1", "t", REQUEST)
    assert case.state == "done"
    before = outside.effects()
    assert before
    again = first.flow.handle("C-1", "t", REQUEST)
    assert again == case
    first.close()
    other = project(url)
    assert other.flow.handle("C-1", "t", REQUEST) == case
    assert outside.effects() == before
    other.close()


def test_the_same_id_with_another_payload_is_refused(url: str) -> None:
    it = project(url)
    it.flow.handle("C-1", "t", REQUEST)
    with pytest.raises(Conflict):
        it.flow.handle("C-1", "t", {**REQUEST, "amount_cents": 1})
    it.close()


def test_a_reject_is_told_to_the_model_as_a_reject_and_never_as_a_success(url: str) -> None:
    bad = {"discount_percent": 77, "message": "too much"}
    it = project(url, {"REJECTED": GOOD, "Propose a discount": bad})
    case = it.flow.handle("C-1", "t", REQUEST)
    if it.base.gate.default == "allow":
        pytest.skip("this project's gate only records")
    assert case.state == "done"
    rows = it.base.db.rows("SELECT state, code FROM proposal ORDER BY attempt")
    assert [row["state"] for row in rows] == ["rejected", "committed"]
    assert rows[0]["code"] == "discount-over-40"
    it.close()


def test_when_no_proposal_passes_nothing_happens_and_the_caller_is_told(url: str) -> None:
    it = project(url, {"Propose a discount": {"discount_percent": 77, "message": "too much"}})
    if it.base.gate.default == "allow":
        pytest.skip("this project's gate only records")
    case = it.flow.handle("C-1", "t", REQUEST)
    assert case.state == "refused"
    assert case.result["told"] == {"granted": False, "because": ["discount-over-40", "identical_proposal"]}
    assert outside.effects() == []
    it.close()


def test_an_answer_of_another_shape_is_a_typed_reject(url: str) -> None:
    it = project(url, {"REJECTED": GOOD, "Propose a discount": "I would gladly give five percent!"})
    case = it.flow.handle("C-1", "t", REQUEST)
    # Where sub-agents work, an untyped answer is a failure of the sub-agent; its budget, not the seam's, pays for it.
    assert case.state in ("done", "needs_person")
    if case.state == "done":
        assert [row["code"] for row in it.base.db.rows("SELECT code FROM proposal WHERE state = 'rejected'")] == [
            "untyped_answer"
        ]
    it.close()


def test_a_seam_with_a_condition_is_passed_only_where_it_holds_and_then_to_its_end(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = project(url)
    seam = it.flow.seams[0]
    monkeypatch.setattr(seam, "when", lambda context: context.case.id == "C-1")
    other = it.flow.handle("C-2", "t", {**REQUEST, "customer": "C-2"})
    assert other.result[seam.name] == {} and outside.effects() == []

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(seam.parts, "commit", crash)
        it.flow.handle("C-1", "t", REQUEST)
    # What was proposed while the condition held is carried out, even if it holds no longer.
    monkeypatch.setattr(seam, "when", lambda context: False)
    assert it.flow.advance("C-1").result[seam.name] and outside.effects()
    it.close()


def test_every_commit_carries_its_verification(url: str) -> None:
    it = project(url)
    it.flow.handle("C-1", "t", REQUEST)
    rows = it.base.db.rows("SELECT verification_id, policy_version FROM proposal WHERE state = 'committed'")
    assert rows and all(row["verification_id"] and row["policy_version"] for row in rows)
    it.close()


def test_a_crash_between_the_gate_and_the_effect_repeats_the_recorded_proposal(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = project(url)
    seam = it.flow.seams[0]

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(seam.parts, "commit", crash)
        with pytest.raises(KeyboardInterrupt):
            it.flow.handle("C-1", "t", REQUEST)
    stored = it.base.db.rows("SELECT id, content FROM proposal")
    it.close()
    other = project(url, {"Propose a discount": {"discount_percent": 9, "message": "another draft"}})
    assert [case.state for case in other.flow.recover()] == ["done"]
    assert other.base.db.rows("SELECT id, content FROM proposal") == stored
    other.close()


def test_one_request_id_joins_case_audit_effects_and_spans(url: str) -> None:
    it = project(url)
    it.flow.handle("C-1", "t", REQUEST)
    acts = {row["act"] for row in it.base.audit.of("C-1")}
    assert {"allowed", "committed", "case done"} <= acts
    assert it.base.db.rows("SELECT key FROM effect WHERE request_id = 'C-1'")
    spans = _spans()
    kinds = {span["sdb.kind"] for span in spans if span.get("sdb.request.id") == "C-1"}
    assert {"workflow", "proposal", "gate_decision", "commit", "tool_call", "llm_call", "outcome"} <= kinds
    commits = [span for span in spans if span["sdb.kind"] == "commit"]
    assert all(span.get("sdb.verification.id") and span.get("sdb.policy.version") for span in commits)
    it.close()


def test_the_audit_chain_is_unbroken_and_shows_every_change(url: str) -> None:
    it = project(url)
    it.flow.handle("C-1", "t", REQUEST)
    it.base.audit.seal()
    assert it.base.audit.verify().unbroken
    db = it.base.db
    row = db.row("SELECT * FROM audit WHERE link = 2")
    assert row is not None
    db.run("UPDATE audit SET actor = 'nobody' WHERE link = 2")
    assert not it.base.audit.verify().unbroken
    db.run("UPDATE audit SET actor = ? WHERE link = 2", row["actor"])
    assert it.base.audit.verify().unbroken
    db.run("DELETE FROM audit WHERE link = 2")
    assert "link 2 is missing" in it.base.audit.verify().faults
    it.close()


def test_rows_cut_from_the_end_of_the_chain_or_slipped_in_are_found(url: str) -> None:
    it = project(url)
    it.flow.handle("C-1", "t", REQUEST)
    it.base.audit.seal()
    db = it.base.db
    last = db.row("SELECT max(link) AS n FROM audit")
    assert last is not None
    db.run(
        "INSERT INTO audit (at, actor, act, detail, link, prev, hash) VALUES (1, 'x', 'x', '{}', ?, 'x', 'x')",
        last["n"] + 1,
    )
    assert not it.base.audit.verify().unbroken
    db.run("DELETE FROM audit WHERE link >= ?", last["n"])
    assert not it.base.audit.verify().unbroken
    it.close()


def test_a_worker_that_was_taken_for_dead_writes_nothing_more(url: str) -> None:
    it = project(url)
    it.flow.spine.open("C-1", "t", REQUEST)
    lease = it.base.leases.take("case:C-1", "slow")
    it.base.clock.sleep(lease.ttl_ms + 1)
    it.base.leases.take("case:C-1", "other")
    from starters.agent.runtime.errors import LeaseLost

    with pytest.raises(LeaseLost):
        it.base.leases.renew(lease)
    case = it.flow.spine.read("C-1")
    assert case is not None
    with pytest.raises(LeaseLost):
        it.flow._pass(case, lease)
    assert outside.effects() == []
    it.close()


def test_a_thrown_switch_stops_a_case_before_its_effects_and_it_goes_on_when_restored(url: str) -> None:
    it = project(url)
    if it.kill_switch is None:
        pytest.skip("this project has no kill switch")
    it.kill_switch.throw("tenant:t", "ann", "stop")
    assert it.flow.handle("C-1", "t", REQUEST).state == "stopped"
    assert outside.effects() == []
    assert it.flow.advance("C-1").state == "stopped"
    it.kill_switch.restore("tenant:t", "ann")
    assert it.flow.advance("C-1").state == "done"
    it.close()


def test_a_switch_thrown_between_the_gate_and_the_tool_stops_the_tool(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = project(url)
    if it.kill_switch is None:
        pytest.skip("this project has no kill switch")
    seam = it.flow.seams[0]
    commit = seam.parts.commit

    def late(*arguments: Any) -> Any:
        it.kill_switch.throw("case:C-1", "ann", "stop")
        return commit(*arguments)

    monkeypatch.setattr(seam.parts, "commit", late)
    assert it.flow.handle("C-1", "t", REQUEST).state == "stopped"
    assert outside.effects() == []
    it.close()


@pytest.mark.parametrize(("answer", "ends"), [("yes", "done"), ("no", "refused"), ("none", "refused")])
def test_what_needs_a_yes_waits_for_it_and_ends_by_it(url: str, answer: str, ends: str) -> None:
    it = project(url, {"Propose a discount": {"discount_percent": 20, "message": "twenty"}})
    if it.approval is None or it.base.gate.default == "allow":
        pytest.skip("this project asks nobody")
    assert it.flow.handle("C-1", "t", REQUEST).state == "waiting"
    assert outside.effects() == []
    waiting = it.approval.open()[0]
    if answer == "none":
        it.base.clock.sleep(waiting["due"] - waiting["opened"])
    else:
        assert it.approval.decide(waiting["id"], "ann", answer == "yes")
    it.sweep()
    case = it.spine.read("C-1")
    assert case is not None and case.state == ends
    code = {"no": "denied_by_person", "none": "approval_timed_out"}.get(answer)
    assert [each["code"] for each in case.result.get("rejects", [])] == ([code] if code else [])
    assert bool(outside.effects()) == (answer == "yes")
    it.close()


def test_a_case_over_its_cap_waits_for_room_and_is_then_done(url: str) -> None:
    it = project(url)
    if it.throttling is None:
        pytest.skip("this project has no caps")
    minute = it.throttling.caps["actions"].per_minute
    with it.base.db.tx():
        it.throttling.charge("t", {"actions": minute})
    case = it.flow.handle("C-1", "t", REQUEST)
    assert case.state == "throttled" and outside.effects() == []
    assert it.flow.advance("C-1") == case
    it.base.clock.sleep(case.result["retry_at"] - it.base.clock.now())
    assert [each.state for each in it.sweep()] == ["done"]
    it.close()


def test_an_amount_beyond_every_rule_is_a_persons_and_never_done(url: str) -> None:
    it = project(url)
    if it.base.gate.default == "allow":
        pytest.skip("this project's gate only records")
    case = it.flow.handle("C-1", "t", {**REQUEST, "amount_cents": 200_000_000})
    assert case.state == ("needs_person" if it.escalation else "refused")
    assert outside.effects() == []
    if it.escalation:
        entry = it.base.inbox.open()[0]
        assert it.flow.settle(entry["id"], "ann", "abandon").state == "failed"
        assert it.base.inbox.open() == []
    it.close()


def test_a_model_that_never_answers_makes_a_case_for_a_person_who_may_try_again(url: str) -> None:
    script: dict[str, object] = {"Propose a discount": {"error": "down"}}
    it = project(url, script)
    assert it.flow.handle("C-1", "t", REQUEST).state == "needs_person"
    assert [row["code"] for row in it.base.inbox.open()] == ["no_proposal"]
    script["Propose a discount"] = GOOD
    assert it.flow.settle(it.base.inbox.open()[0]["id"], "ann", "retry").state == "done"
    with pytest.raises(ValueError, match="no open inbox entry"):
        it.flow.settle("unknown", "ann", "retry")
    it.close()


def test_a_case_that_always_crashes_is_a_persons_and_holds_up_no_other(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = project(url)
    seam = it.flow.seams[0]
    commit = seam.parts.commit

    def poisoned(context: Any, proposal: Any) -> Any:
        if context.case.id == "C-1":
            raise RuntimeError(f"boom {it.base.clock.now()}")
        return commit(context, proposal)

    monkeypatch.setattr(seam.parts, "commit", poisoned)
    it.spine.open("C-1", "t", REQUEST)
    it.spine.open("C-2", "t", {**REQUEST, "customer": "C-2"})
    states = []
    for _ in range(4):
        it.base.clock.sleep(1)
        it.flow.recover()
        case = it.spine.read("C-1")
        assert case is not None
        states.append(case.state)
    assert states == ["open", "open", "needs_person", "needs_person"]
    other = it.spine.read("C-2")
    assert other is not None and other.state == "done"
    assert [(row["request_id"], row["code"]) for row in it.base.inbox.open()] == [("C-1", "same_crash")]
    it.close()


def test_the_project_imports_nothing_of_the_tool_that_wrote_it() -> None:
    for path in Path(package.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            assert not [name for name in names if name.partition(".")[0] == "advisor"], path


def _spans() -> list[dict[str, object]]:
    found = []
    for line in Path(os.environ["TELEMETRY_FILE"]).read_text("utf-8").splitlines():
        span = json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
        found.append({each["key"]: next(iter(each["value"].values())) for each in span["attributes"]})
    return found
