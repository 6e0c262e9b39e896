"""`advisor replay PLAN`: replays on two model versions until each case is decided, then judges."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.options import Format, FormatOption, NoColorOption, OutputOption, QuietOption, look


def replay(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A replay plan (TOML).")],
    format: FormatOption = Format.terminal,
    output: OutputOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> int:
    """Replay failures on two model versions until each is decided, then judge. Starting again takes it up."""
    import gc
    import os
    import sys
    import time
    from datetime import UTC, datetime

    from advisor.cli.output import deliver, remark
    from advisor.errors import Fault, InputError
    from advisor.present.judgement import render_judgement
    from advisor.present.progress import progress_line
    from advisor.replay.loop import Progress, Replay
    from advisor.replay.plan import read_plan
    from advisor.replay.result import judged
    from advisor.replay.runners import runner_of
    from advisor.replay.store import Store

    gc.enable()
    read = read_plan(plan)
    runner = runner_of(read)
    store = Store(read.outcomes_path)
    shown = sys.stderr.isatty() and not quiet

    def show(progress: Progress) -> None:
        if shown:
            print(f"\r{progress_line(progress, read.budget)}\x1b[K", end="", file=sys.stderr)

    run = Replay(read, store, runner, now=lambda: datetime.now(UTC), tick=time.monotonic, progress=show)
    try:
        run.run()
    except KeyboardInterrupt:
        remark(f"\nstopped; every finished trial is in {read.outcomes_path}. Go on with: advisor replay {plan}", False)
        # A call under way may last; nothing of it is kept, so nothing is waited for.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130)
    finally:
        if shown:
            print(file=sys.stderr)
    found = judged(run)
    store.close()
    if found is None:
        raise InputError([Fault(str(plan), "ran no trial", "raise the budget")])
    if not run.left() and any(case.verdict == "undetermined" for case in found.cases):
        remark("the budget is used up; raise it in the plan and start again to go on", quiet)
    style = look(no_color, output)
    deliver(render_judgement(found, format.value, color=style.color, width=style.width), output)
    return int(found.found)
