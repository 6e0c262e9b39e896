"""The page of a diagnosis in a real browser: it fits, filters, answers keys, prints whole, and obeys no log."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest

from advisor.present.diagnosis import render_diagnosis
from tests.present import diagnoses
from tests.present.test_browser import BROWSER, _browse
from tests.present.test_diagnosis_reliability import falling
from tests.present.test_record_check import check

# A frame holds the page as it is, with its policy; the frame's own document plays the user and writes down what it saw.
PROBE = """<!doctype html><iframe id=f width=%d height=900 src=page.html></iframe><pre id=seen></pre><script>
onload = async () => {
  const page = document.getElementById("f").contentDocument, view = page.defaultView;
  const wait = () => new Promise((done) => setTimeout(done, 30));
  const shown = () => [...page.querySelectorAll("[data-verdict]")].filter((c) => c.offsetParent).map((c) => c.id);
  const key = (name) => (page.activeElement || page.body).dispatchEvent(
    new view.KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
  const search = page.getElementById("search");
  const find = (text) => { search.value = text; search.dispatchEvent(new view.Event("input")); return shown(); };
  const choose = (name, value) => {
    const select = page.querySelector(`select[name=${name}]`);
    select.value = value; select.dispatchEvent(new view.Event("change")); return shown(); };
  const seen = { wide: page.documentElement.scrollWidth > view.innerWidth };
  try { %s } catch (error) { seen.error = String(error); }
  document.getElementById("seen").textContent = JSON.stringify(seen);
};
</script>"""


def play(folder: Path, text: str, steps: str = "", width: int = 1200) -> dict[str, object]:
    """What the probe saw after these steps."""
    if BROWSER is None:
        pytest.skip("no Chromium on this machine")
    (folder / "page.html").write_text(text, encoding="utf-8")
    probe = folder / "probe.html"
    probe.write_text(PROBE % (width, steps), encoding="utf-8")
    flags = ("--allow-file-access-from-files", "--virtual-time-budget=5000", "--dump-dom")
    dom = _browse(probe, *flags).stdout.decode()
    found = re.search(r'<pre id="seen">(.*?)</pre>', dom, re.S)
    assert found
    seen: dict[str, object] = json.loads(unescape(found[1]))
    assert "error" not in seen, seen
    return seen


@pytest.mark.parametrize("width", [360, 400, 800, 1200])
@pytest.mark.parametrize("of", [diagnoses.rich, diagnoses.quiet, diagnoses.hostile])
def test_no_window_scrolls_sideways(tmp_path: Path, of: object, width: int) -> None:
    assert play(tmp_path, render_diagnosis(of(), "html"), width=width)["wide"] is False  # type: ignore[operator]


@pytest.mark.parametrize("width", [360, 1200])
def test_a_record_and_a_trend_fit_the_window_too(tmp_path: Path, width: int) -> None:
    text = render_diagnosis(falling(), "html", check=check())
    seen = play(tmp_path, text, 'seen.parts = ["record", "over-time"].map((id) => !!page.getElementById(id));', width)
    assert seen["parts"] == [True, True]
    assert seen["wide"] is False


def test_filters_and_search_leave_what_was_asked_for(tmp_path: Path) -> None:
    seen = play(
        tmp_path,
        render_diagnosis(diagnoses.rich(), "html"),
        """seen.all = shown();
        seen.present = choose("verdict", "present"); seen.presentHigh = choose("severity", "high");
        seen.count = page.getElementById("count").textContent;
        page.querySelector("button[type=reset]").click(); await wait(); seen.cleared = shown();
        seen.p5 = choose("pattern", "P5"); choose("pattern", "");
        seen.words = find("saga bill"); seen.none = find("no such words");""",
    )
    found = diagnoses.rich()
    assert seen["all"] == seen["cleared"] == [each.signature for each in found.findings]
    assert seen["present"] == ["P6-ignored-kill", "P2-dirty-compensation"]
    assert seen["presentHigh"] == ["P2-dirty-compensation"]
    assert seen["count"] == f"1 of {len(found.findings)} detectors"
    assert seen["p5"] == ["P5-cas-contention", "P5-stale-timer"]
    assert seen["words"] == ["P2-dirty-compensation"]
    assert seen["none"] == []


def test_keys_search_move_and_open(tmp_path: Path) -> None:
    seen = play(
        tmp_path,
        render_diagnosis(diagnoses.rich(), "html"),
        """const at = () => page.activeElement.id;
        key("j"); seen.first = at(); key("j"); seen.second = at();
        const details = page.activeElement.querySelector("details"), before = details.open;
        key("Enter"); seen.toggled = before !== details.open;
        key("k"); seen.back = at(); key("k"); seen.stays = at();
        key("/"); seen.search = at(); find("approval"); key("j"); seen.typing = at();
        key("Escape"); seen.after = shown().length;""",
    )
    assert seen["first"] == seen["back"] == seen["stays"] == "P6-ignored-kill"
    assert seen["second"] == "P2-dirty-compensation"
    assert seen["toggled"] is True
    assert seen["search"] == seen["typing"] == "search"
    assert seen["after"] == len(diagnoses.rich().findings)


def test_without_its_script_every_finding_stands_on_the_page(tmp_path: Path) -> None:
    text = re.sub(r"<script>.*?</script>", "", render_diagnosis(diagnoses.rich(), "html"), flags=re.S)
    seen = play(tmp_path, text, 'seen.all = shown(); seen.bar = page.getElementById("filters").offsetParent !== null;')
    assert seen["all"] == [each.signature for each in diagnoses.rich().findings]
    assert seen["bar"] is False


def test_the_policy_stops_scripts_and_pictures_that_are_not_its_own(tmp_path: Path) -> None:
    # As if escaping had failed: the second wall has to hold by itself.
    smuggled = "<script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\"></main>"
    text = render_diagnosis(diagnoses.hostile(), "html").replace("</main>", smuggled)
    seen = play(tmp_path, text, "await wait(); seen.title = page.title; seen.all = shown();")
    assert str(seen["title"]).startswith("Diagnosis: ")
    assert len(seen["all"]) == len(diagnoses.hostile().findings)  # type: ignore[arg-type]


def test_it_prints_with_its_details_open(tmp_path: Path) -> None:
    if BROWSER is None:
        pytest.skip("no Chromium on this machine")
    sizes = []
    for name, style in (("as-it-is", ""), ("shut", "<style>@media print{details{display:none}}</style></head>")):
        page = tmp_path / f"{name}.html"
        text = render_diagnosis(diagnoses.rich(), "html")
        page.write_text(text.replace("</head>", style) if style else text, encoding="utf-8")
        target = tmp_path / f"{name}.pdf"
        _browse(page, f"--print-to-pdf={target}")
        sizes.append(len(re.findall(rb"/Type /Page\b", target.read_bytes())))
    assert sizes[0] > sizes[1]
