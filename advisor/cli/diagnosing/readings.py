"""What else logs give: answers, one request's story, a mapping file to be corrected, and what a mapping gains."""

from __future__ import annotations

from advisor.cli.diagnosing.job import Job, read
from advisor.cli.output import deliver
from advisor.errors import Fault, InputError


def infer(job: Job, force: bool) -> int:
    """Answers from the logs, into a file."""
    from advisor.cli.output import remark
    from advisor.interview.inferred import write_inferred
    from advisor.loop.evidence import infer as inferred

    if job.output is None:
        raise InputError([Fault("advisor diagnose --infer", "has no file to write", "add -o ANSWERS")])
    log, _ = read(job)
    answered = write_inferred(inferred(log.table), job.output, force=force)
    many = f"{len(answered)} answers from the logs, the rest unknown" if answered else "the logs answer nothing"
    remark(f"{job.output}: {many}; go on with: advisor interview -o {job.output}", job.quiet)
    return 0


def story(job: Job, request: str) -> int:
    """One request, in order."""
    from advisor.diagnosis.story import story as told
    from advisor.present.redaction import redact
    from advisor.present.story import render_story

    log, _ = read(job)
    shown = render_story(
        told(log.table, request),
        job.plain(),
        color=job.look.color,
        width=job.look.width,
        redact=redact if job.redact else str,
    )
    deliver(shown, job.output)
    return 0


def propose_mapping(job: Job) -> int:
    """A mapping file to be corrected."""
    from advisor.present.redaction import redact
    from advisor.traces.propose import propose

    lines = propose(list(job.logs), job.stdin()).splitlines()
    # Examples stand in remarks; what is no remark says what a field or name is, and must stay as it is.
    shown = [redact(line) if job.redact and line.startswith("#") else line for line in lines]
    deliver("\n".join(shown) + "\n", job.output)
    return 0


def mapping_report(job: Job, gains: bool) -> int:
    """What the mapping gains, or which kinds were guessed."""
    from advisor.present.mappings import render_gains, render_guessed
    from advisor.present.redaction import redact
    from advisor.traces.load import load
    from advisor.traces.propose import explain

    format, look = job.plain(), job.look
    if gains and not job.mapping:
        mend = "add --mapping FILE; --init-mapping proposes one"
        raise InputError([Fault("advisor diagnose --check-mapping", "has no mapping to check", mend)])
    log, _ = read(job)
    if not gains:
        mask = redact if job.redact else str
        deliver(render_guessed(explain(log), format, color=look.color, width=look.width, redact=mask), job.output)
        return 0
    from advisor.diagnosis.gains import gains as compared

    try:
        before = load(job.logs, memory=job.memory, threads=job.threads) if "-" not in job.logs else None
    except InputError:
        before = None
    deliver(render_gains(compared(before, log), format, color=look.color, width=look.width), job.output)
    return 0
