"""Takes the README's pictures anew: terminals as SVG, pages as PNG. `make demo` makes what they show."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from itertools import groupby
from pathlib import Path
from typing import Any

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.style import Style
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tests.interview.terminal import Terminal  # noqa: E402

PICTURES = ROOT / "docs" / "screens"
DRILLS = "build/demo*/drill/*/without.jsonl"
LOG = "build/demo/simulation/telemetry.jsonl"
RECORD = "knowledge/workloads/contract-renewal.toml"
# Without the web font that rich names: the pictures fetch nothing.
FORMAT = CONSOLE_SVG_FORMAT[: CONSOLE_SVG_FORMAT.index("@font-face")] + CONSOLE_SVG_FORMAT[
    CONSOLE_SVG_FORMAT.index(".{unique_id}-matrix") :
].replace("Fira Code, monospace", "ui-monospace, DejaVu Sans Mono, Menlo, monospace")


HIGH = 46
"""Lines of a document that a picture shows: its top."""


class Tall(Terminal):
    """A terminal so high that nothing scrolls away."""

    rows = 4000


def shot(name: str, terminal: Terminal, title: str) -> None:
    """A terminal's screen as it stands, as SVG."""
    console = Console(record=True, width=80, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    lines = terminal.cells[:HIGH]
    while lines and not "".join(cell.data for cell in lines[-1]).strip():
        lines.pop()
    for line in lines:
        text = Text(no_wrap=True, end="\n")
        for style, cells in groupby(line, key=_style):
            text.append("".join(cell.data for cell in cells), style)
        text.rstrip()
        console.print(text)
    PICTURES.mkdir(exist_ok=True)
    path = PICTURES / f"{name}.svg"
    path.write_text(console.export_svg(title=title, code_format=FORMAT, unique_id=name), encoding="utf-8")
    print(path.relative_to(ROOT))


def _style(cell: Any) -> Style:
    return Style(color=_color(cell.fg), bgcolor=_color(cell.bg), bold=cell.bold, reverse=cell.reverse)


def _color(name: str) -> str | None:
    if name == "default":
        return None
    named = {"brown": "yellow", "brightbrown": "bright_yellow"}.get(name, name.replace("bright", "bright_"))
    return f"#{name}" if len(name) == 6 and all(c in "0123456789abcdef" for c in name) else named


def page(name: str, *arguments: str) -> None:
    """The first screen of an HTML document, as PNG."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("docs/screens.py: needs Chromium for the pages")
    with tempfile.TemporaryDirectory() as folder:
        html = Path(folder) / "page.html"
        command = [sys.executable, "-m", "advisor", *arguments, "--format", "html", "-o", str(html)]
        subprocess.run(command, cwd=ROOT, check=False)
        path = PICTURES / f"{name}.png"
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1100,1400"]
        subprocess.run([browser, *flags, f"--screenshot={path}", html.as_uri()], check=True, capture_output=True)
    print(path.relative_to(ROOT))


def main() -> None:
    """Every picture."""
    with tempfile.TemporaryDirectory() as folder:
        asked = Terminal("interview", "-o", "answers.toml", cwd=Path(folder))
        asked.wait_for("called?")
        asked.press("Contract renewal\r")
        asked.wait_for("short id")
        asked.press("\r")
        asked.wait_for("Question 1 of 24")
        shot("interview", asked, "advisor interview")
        asked.press("\x03")
        asked.ended()
    for name, *arguments in (
        ("record", "recommend", RECORD),
        ("diagnosis", "diagnose", DRILLS),
        ("watch", "watch", "build/demo/record-2.toml", LOG),
    ):
        terminal = Tall(*arguments, cwd=ROOT)
        terminal.ended()
        shot(name, terminal, f"advisor {' '.join(arguments)}")
    page("record", "recommend", RECORD)
    page("diagnosis", "diagnose", DRILLS)


if __name__ == "__main__":
    main()
