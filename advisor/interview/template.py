"""The answers file to fill in by hand: every question as a comment, every answer still unknown."""

from __future__ import annotations

from textwrap import wrap

from advisor.catalog.answers import SCHEMA, choices
from advisor.catalog.load import shipped
from advisor.interview.flow import STEPS


def template() -> str:
    """An answers file that parses as it is and gives the record of a workload of which nothing is known."""
    lines = [
        "# The answers to the method's questions about one workload.",
        "# Change the values in quotes; the rest stays unknown, and the record says what that decides.",
        f"schema = {SCHEMA}",
        'id = "my-workload"          # a-z, 0-9 and hyphens',
        'title = "My workload"',
        "",
        "[answers]",
    ]
    step = 0
    for key, question in shipped().questions.items():
        if question.step != step:
            step = question.step
            lines += ["", f"# Step {step}: {STEPS[step]}"]
        lines.append("")
        lines += [f"# {line}" for line in wrap(question.wording, 98)]
        lines += [f"#   {line}" for line in wrap(question.help, 96)]
        lines.append(f"#   {' | '.join(choices(key))}")
        lines.append(f'{key} = "unknown"  # {question.comment}')
    lines += [
        "",
        "# [notes]                     # why, per answer; shown in the record",
        '# duration = "..."',
        "# [if_wrong]                  # your own words for what a line would show in production if it were wrong",
        '# spine = "..."               # runtime_class | spine | coordination | control | sequence',
        "# [planes.throttling]         # kill_switch | escalation | approval | throttling",
        '# status = "deferred"         # v1 | deferred',
        '# until = "2027-03-31"',
        '# reason = "..."',
        "# [sign_off]                  # of the spine, by a senior engineer",
        '# name = "..."',
        '# role = "..."',
        '# date = "2026-11-22"',
        "# [record]",
        '# date = "2026-11-22"',
        '# model_version = "..."',
    ]
    return "\n".join(lines) + "\n"
