from __future__ import annotations

import json
import random
from typing import Any

import pytest

from advisor.diagnosis.detector import Facts
from advisor.diagnosis.findings import Finding
from advisor.diagnosis.signatures.p1.whole_outputs import most_alike
from advisor.diagnosis.signatures.p1.winning import Tally, poisson_binomial, standings
from tests.diagnosis.logs import finding

ID = "P1-merge-dominance"
AGENTS = ("pricing", "legal", "history")


def conflicts(wins: dict[str, int], agents: tuple[str, ...] = AGENTS, **extra: Any) -> list[dict[str, Any]]:
    """Fields over which all agents disagree; each agent wins so many."""
    winners = [agent for agent, many in wins.items() for _ in range(many)]
    return [
        {
            "kind": "merge_field",
            "merge_id": f"m{number}",
            "request_id": f"r{number}",
            "merge_field": f"field{number % 7}",
            "winner_agent": winner,
            "proposers": json.dumps({agent: f"{agent}{number}" for agent in agents}),
            "n_distinct": len(agents),
            "ts_us": number * 1_000_000,
            **extra,
        }
        for number, winner in enumerate(random.Random(3).sample(winners, len(winners)))
    ]


DOMINATED = {"pricing": 37, "legal": 4, "history": 4}
EVEN = {"pricing": 16, "legal": 15, "history": 14}


def found(rows: list[dict[str, Any]], **given: Any) -> Finding:
    return finding(ID, rows, **given)


def test_an_agent_that_wins_most_conflicts_dominates() -> None:
    one = found(conflicts(DOMINATED))
    assert (one.verdict, one.count, one.of, one.severity, one.grade) == ("present", 37, 45, "high", "A")
    assert one.p_value is not None and one.p_value < 1e-6
    assert "pricing won 37 of its 45" in one.said
    assert {row["agent"]: row["wins"] for row in one.detail["Wins by agent"]} == DOMINATED
    assert "winner_agent=pricing" in one.evidence[0].text


def test_even_wins_are_absent_and_few_conflicts_insufficient() -> None:
    assert found(conflicts(EVEN)).verdict == "absent"
    assert found(conflicts({"pricing": 12})).verdict == "insufficient"
    assert found([{"kind": "llm_call", "ts_us": 1}]).verdict == "not_assessable"


def test_a_declared_weight_explains_wins_whether_logged_or_stated() -> None:
    weights = {"pricing": 8.0, "legal": 1.0, "history": 1.0}
    assert found(conflicts(DOMINATED), facts=Facts(weights=weights)).verdict == "absent"
    logged = [{**row, "weight": weights[row["winner_agent"]]} for row in conflicts(DOMINATED)]
    assert found(logged).verdict == "absent"


def test_a_weight_that_the_user_states_beats_the_logged_one() -> None:
    rows = [{**row, "weight": 1.0} for row in conflicts(DOMINATED)]
    assert found(rows, facts=Facts(weights={"pricing": 8, "legal": 1, "history": 1})).verdict == "absent"


def test_agreement_and_partial_merges_are_no_conflicts() -> None:
    assert found(conflicts(DOMINATED, n_distinct=1)).verdict == "insufficient"
    partial = found(conflicts(DOMINATED, partial=True) + conflicts(EVEN))
    assert (partial.verdict, partial.of) == ("absent", 45)
    assert any("45 fields of merges without every answer" in trap for trap in partial.checked)


def test_values_in_the_proposals_are_counted_where_the_log_does_not_count() -> None:
    rows = [{**row, "n_distinct": None} for row in conflicts(DOMINATED)]
    assert found(rows).verdict == "present"
    same = [{**row, "proposers": json.dumps(dict.fromkeys(AGENTS, 1))} for row in rows]
    assert found(same).of == 0


def test_a_list_of_names_without_a_count_says_nothing_of_conflict() -> None:
    rows = [{**row, "proposers": json.dumps(AGENTS)} for row in conflicts(DOMINATED)]
    assert found(rows).verdict == "present"
    assert found([{**row, "n_distinct": None} for row in rows]).verdict == "insufficient"


@pytest.mark.parametrize("text", ["{", "3", '[1, {"a": 2}]', '"pricing"', "[]", "{}", "pricing,legal"])
def test_proposals_that_name_nobody_are_not_usable(text: str) -> None:
    assert found([{**row, "proposers": text} for row in conflicts(DOMINATED)]).verdict == "insufficient"


def test_a_model_call_under_the_merge_is_the_cause() -> None:
    rows = conflicts(DOMINATED)
    rows.append({"kind": "merge", "request_id": "r0", "span_id": "s1", "ts_us": 1})
    rows.append({"kind": "llm_call", "request_id": "r0", "parent_span_id": "s1", "ts_us": 2, "name": "judge"})
    one = found(rows)
    assert one.cause_seen is not None and "1 merges were made by a model" in one.cause_seen
    assert one.cause_evidence[0].text.startswith("llm_call judge")
    assert found(conflicts(DOMINATED)).cause_seen is None


def test_a_fixed_priority_in_code_refutes_it() -> None:
    rows = conflicts({"pricing": 40}, decision_source="rule")
    one = found(rows)
    assert one.verdict == "refuted" and one.refuted is not None
    assert found(conflicts(DOMINATED, decision_source="rule")).verdict == "present"


def test_the_last_to_finish_as_winner_is_another_cause() -> None:
    rows = conflicts({"pricing": 40})
    for row in list(rows):
        for at, agent in enumerate(("legal", "history", "pricing")):
            rows.append(
                {
                    "kind": "delegation",
                    "request_id": row["request_id"],
                    "agent_name": agent,
                    "ts_us": row["ts_us"],
                    "end_us": row["ts_us"] + 1000 * (at + 1),
                }
            )
    one = found(rows)
    assert one.verdict == "possible"
    assert any("had finished last in 40 of 40" in trap for trap in one.checked)


def test_a_field_that_one_agent_always_wins_is_named() -> None:
    one = found(conflicts({"pricing": 40}))
    assert any("field0" in trap and "by design" in trap for trap in one.checked)


def hashed(wins: int, of: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in range(of):
        outputs = {agent: f"{agent}-{number}" for agent in AGENTS}
        merged = outputs["pricing"] if number < wins else f"mixed-{number}"
        rows += [
            {"kind": "agent", "request_id": f"r{number}", "agent_name": agent, "output_hash": output, "ts_us": number}
            for agent, output in outputs.items()
        ]
        rows.append({"kind": "merge", "request_id": f"r{number}", "output_hash": merged, "ts_us": number + 1})
    return rows


def test_merged_outputs_that_equal_one_agents_are_likely_at_grade_c() -> None:
    one = found(hashed(30, 40))
    assert (one.verdict, one.grade, one.count, one.of) == ("likely", "C", 30, 40)
    assert found(hashed(8, 40)).verdict == "absent"


def test_fair_merges_are_seldom_called_dominated() -> None:
    random_ = random.Random(11)
    fired = 0
    for _ in range(400):
        tallies = {agent: Tally() for agent in AGENTS}
        for _ in range(45):
            winner = random_.choice(AGENTS)
            for agent, tally in tallies.items():
                tally.add(1 / 3, 1, int(agent == winner))
        fired += any(one.p_value < 0.01 and one.excess >= 0.15 for one in standings(tallies, 20))
    assert fired / 400 <= 0.01


def test_the_poisson_binomial_is_exact_for_mixed_chances() -> None:
    chances = {0.2: 3, 0.5: 2, 0.9: 1}
    trials = [p for p, many in chances.items() for _ in range(many)]
    for wins in range(8):
        exact = sum(_product(trials, number) for number in range(2 ** len(trials)) if number.bit_count() >= wins)
        assert poisson_binomial(wins, chances) == pytest.approx(exact, abs=1e-12)


def _product(trials: list[float], wins: int) -> float:
    chance = 1.0
    for at, p in enumerate(trials):
        chance *= p if wins >> at & 1 else 1 - p
    return chance


def test_large_tallies_agree_with_the_normal_approximation() -> None:
    from scipy.stats import norm

    chances = {0.3: 4000, 0.5: 4000}
    wins, mean, variance = 3300, 3200, 4000 * 0.21 + 4000 * 0.25
    assert poisson_binomial(wins, chances) == pytest.approx(norm.sf((wins - 0.5 - mean) / variance**0.5), rel=0.02)


def test_the_order_of_lines_changes_nothing() -> None:
    rows = conflicts(DOMINATED)
    one, other = found(rows), found(random.Random(5).sample(rows, len(rows)))
    assert (one.verdict, one.count, one.p_value, one.said) == (other.verdict, other.count, other.p_value, other.said)


SAID = {
    "pricing": "We advise to renew the contract for one year at the present price and to offer no discount at all",
    "legal": "The liability clause of the contract is out of date and has to be replaced before anybody signs it",
    "history": "This customer has called support nine times since March and threatened to leave more than once",
}


def merged_texts(winners: list[str | None], cut: int = 0) -> list[dict[str, Any]]:
    """Requests whose agents and merge log texts alone; the merged one is a winner's with a word added, or of nobody."""
    rows: list[dict[str, Any]] = []
    for number, winner in enumerate(winners):
        common = {"request_id": f"r{number}", "ts_us": number * 10}
        rows += [{"kind": "agent", "agent_name": agent, "text": said, **common} for agent, said in SAID.items()]
        merged = "Ask a person to look at it" if winner is None else f"{SAID[winner]} indeed" + " padding" * cut
        rows.append({"kind": "merge", "text": merged, **common})
    return rows


def test_by_words_alone_it_is_possible_at_most_and_cites_the_merges_that_were_won() -> None:
    one = found(merged_texts(["pricing"] * 24 + ["legal", None]))
    assert (one.verdict, one.grade, one.count, one.of) == ("possible", "D", 24, 26)
    assert "pricing won 24 of its 26" in one.said
    assert [row.line for row in one.evidence] == [4 * (number + 1) for number in range(20)]


def test_words_that_no_agent_dominates_are_quiet_and_merges_of_nobody_say_nothing() -> None:
    assert found(merged_texts([*SAID] * 9)).verdict == "absent"
    assert found(merged_texts([None] * 30)).verdict == "insufficient"
    assert found(merged_texts(["pricing"] * 12)).verdict == "insufficient"


def test_merged_texts_that_were_cut_are_not_compared() -> None:
    one = found(merged_texts(["pricing"] * 30, cut=40))
    assert (one.verdict, one.of, one.relevant) == ("insufficient", 0, 30)


def test_a_text_that_holds_every_agents_words_is_nobodys() -> None:
    assert most_alike(" ".join(SAID.values()), SAID) is None
    assert most_alike("yes", {"pricing": "yes", "legal": "no"}) == "pricing"
    assert most_alike("yes", {"pricing": "yes", "legal": "Yes!"}) is None


def test_hashes_of_which_none_is_the_merged_one_do_not_clear_it() -> None:
    rows = [
        {"kind": kind, "request_id": f"r{number}", "agent_name": agent, "output_hash": f"{agent}{number}", "ts_us": 1}
        for number in range(60)
        for kind, agent in (("agent", "pricing"), ("agent", "legal"), ("merge", "orchestrator"))
    ]
    assert found(rows).verdict == "insufficient"
