"""Writes answers that logs gave into an answers file; what a person answered in it is never touched."""

from __future__ import annotations

from pathlib import Path

from advisor.errors import Fault, InputError
from advisor.interview.draft import Draft, id_from
from advisor.loop.evidence import Inferred

TITLE = "Workload seen in the logs"


def write_inferred(inferred: Inferred, path: Path, *, title: str = "", force: bool = False) -> tuple[str, ...]:
    """Writes an answers file that `advisor recommend` reads and `advisor interview` goes on with.

    Questions that the logs do not answer are left out, so that they are unknown and the interview asks them.

    Args:
        inferred: The answers and notes.
        path: The file. One that holds answers is refused, unless `force`; then only its unknown answers are filled in.
        title: The workload's name in a new file; its id is made from it.
        force: Whether an existing file may be filled in.

    Returns:
        The questions that were answered, in order.

    Raises:
        InputError: The file holds answers and `force` is not given, is no valid answers file, or cannot be written.
    """
    draft = Draft(path)
    held = {} if draft.is_new else {key: said for key, said in draft.answered.items() if said != "unknown"}
    if held and not force:
        mend = "choose another name, or add --force, which fills in only what is unknown there"
        raise InputError([Fault(str(path), f"exists and holds {len(held)} answer{'s' * (len(held) != 1)}", mend)])
    if draft.is_new:
        draft.begin(title or TITLE, id_from(title or TITLE))
    answers = {key: said for key, said in inferred.answers.items() if key not in held}
    draft.fill(answers, {key: note for key, note in inferred.notes.items() if key not in held})
    return tuple(answers)
