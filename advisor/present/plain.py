"""The catalog in the words of somebody who runs the business: what each finding means, and what each pattern does."""

from __future__ import annotations

from collections.abc import Mapping

FINDINGS: Mapping[str, tuple[str, str]] = {
    "P1-merge-dominance": (
        "one assistant's view outweighs the others far beyond its agreed share",
        "Combine results by fixed rules in ordinary software.",
    ),
    "P1-shadow-retries": (
        "assistants go on trying after the time allowed has run out",
        "Give one place the right to try again, with a fixed limit.",
    ),
    "P1-unbounded-child": (
        "a case waits without limit for one assistant that does not answer",
        "Set a deadline for every delegated task.",
    ),
    "P2-dirty-compensation": (
        "after an undo, other systems are left half changed",
        "Make each undo repeatable, and check the result afterwards.",
    ),
    "P2-duplicate-effect": (
        "one intended action takes effect twice",
        "Note each action before it is done, and look it up before trying again.",
    ),
    "P2-oversized-compensation": (
        "undoing an action is harder than doing it",
        "Split the action into parts that are easy to undo.",
    ),
    "P3-duplicate-delivery": (
        "a message that arrives twice is acted on twice",
        "Remember which messages were handled.",
    ),
    "P3-late-events": (
        "news that arrives late or out of order leads to wrong results",
        "Recognise old news and set it aside.",
    ),
    "P3-replay-divergence": (
        "the same facts lead to other results after a model was changed",
        "Hold the model fixed for work under way, and keep its past decisions.",
    ),
    "P4-crash-loop": (
        "failing work is restarted over and over with the same fault",
        "Stop after a few restarts and hand the case to a person.",
    ),
    "P4-slow-gate": (
        "the safety check takes longer than the action that it guards",
        "Make the check a plain rule.",
    ),
    "P4-stalled-child": (
        "work has stopped, and the system believes that it is running",
        "Let running work report regularly, and take it back when it falls silent.",
    ),
    "P4-ungated-tool": (
        "some actions go round the safety check",
        "Refuse every action that no rule allows.",
    ),
    "P5-cas-contention": (
        "work on the same record collides and has to be repeated",
        "Divide the record, so that fewer tasks compete for it.",
    ),
    "P5-false-conflict": (
        "valid changes are refused as if somebody else had made one meanwhile",
        "Count versions in the database itself.",
    ),
    "P5-lost-update": (
        "one change overwrites another, and the first is lost",
        "Refuse a change that rests on an old version.",
    ),
    "P5-repeat-on-resume": (
        "work that was finished is done again after an interruption",
        "Record each action with the progress that it makes.",
    ),
    "P5-stale-timer": (
        "an old timer overrules what a person has decided since",
        "Check that nothing changed before a timer acts.",
    ),
    "P5-unrestorable-state": (
        "after an interruption, work starts again from nothing or from a wrong place",
        "Keep progress in durable storage, and rehearse the restart.",
    ),
    "P6-approval-starvation": (
        "approvals are not given in time, and work is refused for that alone",
        "Staff the approval queue, or ask for fewer approvals.",
    ),
    "P6-approval-without-deadline": (
        "requests for approval wait without end",
        "Give each request a deadline, and say what happens then.",
    ),
    "P6-ignored-kill": (
        "work goes on after it was told to stop",
        "Check for a stop before every action.",
    ),
    "P6-timeout-as-denial": (
        "a lapsed request is recorded as if a person had decided",
        "Record who or what made each decision.",
    ),
    "SDB-blind-verifier": (
        "a safety check passes everything, and so protects from nothing",
        "Test it with requests that are known to be bad.",
    ),
    "SDB-claim-without-action": (
        "the assistant says that it did something, and no record shows it",
        "Compare each such statement with the records before it is sent.",
    ),
    "SDB-id-coverage": (
        "records cannot be tied to the case that they belong to",
        "Put the case number and the model version into every record.",
    ),
    "SDB-identical-retries": (
        "the same request is made again and again with the same answer",
        "Limit repeats, and refuse what was answered already.",
    ),
    "SDB-loop-without-progress": (
        "work goes round in circles and gets nowhere",
        "Stop work that brings nothing new after a few steps.",
    ),
    "SDB-model-dependent-verifier": (
        "a safety check became stricter or laxer when the model changed",
        "Strengthen the check before the next model change.",
    ),
    "SDB-no-budget": (
        "some cases use far more work than usual, and nothing limits them",
        "Set a limit for each case.",
    ),
    "SDB-reject-as-success": (
        "a refusal is reported as a success",
        "Mark refusals clearly as refusals.",
    ),
    "SDB-reject-crashes": (
        "an answer that cannot be read ends the whole case",
        "Ask again a few times before giving up.",
    ),
    "SDB-stacked-retries": (
        "several layers repeat the same failed call, and calls multiply",
        "Let one layer alone repeat.",
    ),
    "SDB-untyped-reject": (
        "refusals do not say clearly what was wrong, and the next attempt is no better",
        "Give each refusal a fixed code.",
    ),
    "SDB-unverified-commit": (
        "changes in other systems were made without a check, or against its refusal",
        "Let no change through without the check's approval.",
    ),
}
"""By signature or weakness: what happens, as a clause, and what helps."""
SURE: Mapping[str, str] = {
    "present": "The logs show it.",
    "likely": "The logs point to it.",
    "possible": "The logs hint at it.",
}
SPINES: Mapping[str, str] = {
    "P5": "Where each case stands is kept in one durable record; a change that rests on old facts is refused.",
    "P3": "Every event is kept in order, and where a case stands can be worked out again from them.",
    "none": "Nothing is kept between steps; each case is worked out from what came in.",
    "undetermined": "How the state of a case is kept is not decided yet.",
}
CLASSES: Mapping[str, str] = {
    "conversational": "A piece of work is finished within one conversation.",
    "autonomous": "The system works on a case by itself for minutes or hours.",
    "long-horizon": "A piece of work takes long, or waits for somebody or something outside.",
    "undetermined": "How long a piece of work lasts is not settled yet.",
}
PATTERNS: Mapping[str, str] = {
    "P1": "One coordinator divides the work among assistants and combines their results by fixed rules.",
    "P2": "Where several steps change other systems, each has an undo that runs when a later one fails.",
    "P4": "Every action passes a check by fixed rules before it takes effect.",
    "P6": "People keep control of the work",
}
PLANES: Mapping[str, str] = {
    "kill_switch": "stopping work under way",
    "escalation": "handing cases to a person",
    "approval": "approving actions beforehand",
    "throttling": "limiting how much is done at once",
}
STEPS: Mapping[str, str] = {
    "console": "seeing what the system does",
    "gate": "checking actions by fixed rules, with a record of each decision",
}
