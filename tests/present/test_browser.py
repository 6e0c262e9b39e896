"""The page in a real browser: nothing is fetched, it prints on A4, and a narrow window does not scroll sideways."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from advisor.catalog.load import shipped
from advisor.present import render_records
from advisor.selection import recommend

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def page(tmp_path: Path) -> Path:
    if BROWSER is None:
        if os.environ.get("ADVISOR_REQUIRE_BROWSER"):
            pytest.fail("ADVISOR_REQUIRE_BROWSER is set, and there is no Chromium")
        pytest.skip("no Chromium on this machine")
    path = tmp_path / "record.html"
    path.write_text(render_records([recommend(shipped().workloads["contract-renewal"])], "html"), encoding="utf-8")
    return path


def _browse(page: Path, *flags: str) -> subprocess.CompletedProcess[bytes]:
    assert BROWSER is not None
    profile = page.parent / "profile"
    command = [BROWSER, *FLAGS, f"--user-data-dir={profile}", *flags, page.as_uri()]
    return subprocess.run(command, capture_output=True, check=True, timeout=120)


def test_it_prints_on_a4(page: Path) -> None:
    target = page.parent / "record.pdf"
    _browse(page, f"--print-to-pdf={target}")
    document = target.read_bytes()
    boxes = {tuple(float(x) for x in box.split()) for box in re.findall(rb"/MediaBox \[([^\]]+)\]", document)}
    assert len(boxes) == 1
    _, _, width, height = boxes.pop()
    assert (round(width), round(height)) == (595, 842) or abs(width - 594.96) < 1
    assert 2 <= len(re.findall(rb"/Type /Page\b", document)) <= 8


def test_the_document_object_has_what_a_screen_reader_needs(page: Path) -> None:
    dom = _browse(page, "--dump-dom").stdout.decode()
    for part in ('<main id="main"', 'class="skip"', 'role="img"', "<caption>", 'scope="row"', 'type="checkbox"'):
        assert part in dom


@pytest.mark.parametrize("width", [400, 1200])
def test_no_window_scrolls_sideways(page: Path, width: int) -> None:
    # A frame of that width holds the page; the frame's own document says whether it is wider than it may be.
    probe = page.parent / "probe.html"
    text = page.read_text(encoding="utf-8").replace(
        "default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'"
    )
    script = "<script>document.title='wide='+(document.documentElement.scrollWidth>innerWidth)</script></body>"
    (page.parent / "inner.html").write_text(text.replace("</body>", script), encoding="utf-8")
    probe.write_text(
        f"<iframe id=f width={width} height=900 src=inner.html></iframe>"
        "<script>onload=()=>{document.body.append(document.getElementById('f').contentDocument.title)}</script>",
        encoding="utf-8",
    )
    dom = _browse(probe, "--allow-file-access-from-files", "--dump-dom").stdout.decode()
    assert "wide=false" in dom


def test_dark_and_light_differ(page: Path) -> None:
    pictures = []
    for scheme in ("light", "dark"):
        target = page.parent / f"{scheme}.png"
        setting = "--force-dark-mode" if scheme == "dark" else "--window-position=0,0"
        prefers = f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}"
        _browse(page, setting, prefers, "--window-size=800,600", f"--screenshot={target}")
        pictures.append(target.read_bytes())
    assert pictures[0] != pictures[1]
