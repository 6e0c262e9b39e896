"""Makes answers files for tests, and the five steps once more, written by brute force from the method's text."""

from __future__ import annotations

from itertools import product

from hypothesis import strategies as st

from advisor.catalog.answers import KEYS, AnswersFile, choices, parse_answers


def answers_file(answers: dict[str, str], **tables: object) -> AnswersFile:
    """An answers file in memory."""
    return parse_answers({"schema": 1, "id": "test", "title": "Test", "answers": answers, **tables}, "test.toml")


def any_answers() -> st.SearchStrategy[dict[str, str]]:
    """Any answer to every question."""
    return st.fixed_dictionaries({key: st.sampled_from(choices(key)) for key in KEYS})


def mostly_known(max_unknown: int = 5) -> st.SearchStrategy[dict[str, str]]:
    """Answers of which at most `max_unknown` are unknown, so that completions can be enumerated."""
    known = st.fixed_dictionaries({key: st.sampled_from([c for c in choices(key) if c != "unknown"]) for key in KEYS})
    holes = st.sets(st.sampled_from(KEYS), max_size=max_unknown)
    return st.builds(lambda full, gone: full | dict.fromkeys(gone, "unknown"), known, holes)


def completions(answers: dict[str, str]) -> list[dict[str, str]]:
    """Every way the unknown answers could turn out: yes or no, for the duration its four values."""
    unknown = [key for key, value in answers.items() if value == "unknown"]
    options = [("seconds", "minutes", "hours", "days") if key == "duration" else ("yes", "no") for key in unknown]
    return [answers | dict(zip(unknown, each, strict=True)) for each in product(*options)]


def by_hand(a: dict[str, str]) -> dict[str, object]:
    """The decision for known answers, read from the method line by line and sharing no code with the package."""

    def yes(*keys: str) -> bool:
        return all(a[key] == "yes" for key in keys)

    if yes("pauses_or_external_waits") or a["duration"] in ("hours", "days"):
        kind, concern = "long-horizon", "State"
    elif a["duration"] == "seconds":
        kind, concern = "conversational", "Coordination"
    else:
        kind, concern = "autonomous", "Control" if yes("external_side_effects") else "Coordination"

    s1, s2, s3 = (
        yes("pauses_or_external_waits"),
        yes("state_not_reconstructible"),
        yes("world_changes_during_pause"),
    )
    alternatives: tuple[str, ...] = ()
    if s2 and s1 and s3:
        spine = "P5"
    elif s2 and s1:
        spine = "P3" if yes("history_must_replay", "consumers_pinned") else "P5"
        alternatives = ("P5",) if spine == "P3" else ("P3",)
    elif s2:
        spine = "P3"
    else:
        spine = "P3" if yes("event_stream_exists") else "none"

    coordination = []
    if yes("work_splits"):
        if yes("single_owner", "independent_subtasks", "deterministic_merge"):
            coordination.append("P1")
        if yes("peers_with_side_effects") or yes("partial_result_useful") or yes("partial_write_costly"):
            coordination.append("P2")

    gate = yes("external_side_effects") or yes("wrong_write_costly")
    alone = not yes("person_decides_every_action")
    threshold = yes("approval_above_threshold_only")
    called = {
        "kill_switch": yes("stop_in_flight"),
        "escalation": alone and (yes("outside_envelope") or threshold),
        "approval": alone and (yes("consequential") or yes("auditors_ask") or threshold),
        "throttling": yes("volume_can_overwhelm"),
    }
    human = any(called.values())
    level = "none" if not human else "full" if all(called.values()) and not threshold else "light"

    build = ["state schema and its observability lens"]
    build += ["gate and audit log"] * gate
    build += ["orchestrator and one sub-agent", "the other sub-agents"] * bool(coordination)
    build += [f"control plane: {plane.replace('_', ' ')}" for plane, wanted in called.items() if wanted]
    return {
        "runtime_class": kind,
        "dominant_concern": concern,
        "spine": spine,
        "spine_alternatives": alternatives,
        "coordination": tuple(coordination),
        "control": tuple(["P4"] * gate + ["P6"] * human),
        "p6_level": level,
        "planes": {plane: "v1" if wanted else "not_needed" for plane, wanted in called.items()},
        "sequence": tuple(build),
    }
