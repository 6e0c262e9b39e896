"""The summary in a real browser: one sheet of A4 however much there is to say, and no window scrolls sideways."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.present.summary import render_summary
from tests.present.summaries import TODAY, answers, checked, crowded, crowded_answers, observed
from tests.present.test_browser import BROWSER, _browse


def quiet() -> str:
    findings = tuple(replace(each, verdict="absent") for each in observed()[0].findings)
    return render_summary(replace(observed()[0], findings=findings), checked(answers()), answers(), TODAY)


def full() -> str:
    return render_summary(crowded(), checked(crowded_answers()), crowded_answers(), TODAY)


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("made", [quiet, full])
def test_it_prints_on_exactly_one_page_of_a4(made: Callable[[], str], tmp_path: Path) -> None:
    page, target = tmp_path / "summary.html", tmp_path / "summary.pdf"
    page.write_text(made(), encoding="utf-8")
    _browse(page, "--no-pdf-header-footer", f"--print-to-pdf={target}")
    document = target.read_bytes()
    assert len(re.findall(rb"/Type /Page\b", document)) == 1
    box = re.search(rb"/MediaBox \[([^\]]+)\]", document)
    assert box
    width, height = (float(each) for each in box[1].split()[2:])
    assert abs(width - 595) < 1
    assert abs(height - 842) < 1


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_a_narrow_window_does_not_scroll_sideways(tmp_path: Path) -> None:
    script = "<script>document.title='wide='+(document.documentElement.scrollWidth>innerWidth)</script></body>"
    text = full().replace("default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'")
    (tmp_path / "inner.html").write_text(text.replace("</body>", script), encoding="utf-8")
    probe = tmp_path / "probe.html"
    probe.write_text(
        "<iframe id=f width=360 height=900 src=inner.html></iframe>"
        "<script>onload=()=>{document.body.append(document.getElementById('f').contentDocument.title)}</script>",
        encoding="utf-8",
    )
    assert "wide=false" in _browse(probe, "--allow-file-access-from-files", "--dump-dom").stdout.decode()
