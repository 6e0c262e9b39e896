"""The shipped knowledge base is sound, and every kind of fault is found, all at once, with its file and key."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.catalog.answers import KEYS, parse_answers
from advisor.catalog.check import check
from advisor.catalog.explain import explain
from advisor.catalog.files import data_room
from advisor.catalog.graph import graph, written
from advisor.catalog.load import ROOMS, Catalog, shipped
from advisor.catalog.relations import relations
from advisor.errors import InputError
from advisor.present.catalog_list import render_catalog
from advisor.present.explanation import render_explanation
from tests.cli.run import advisor

SLUGS = """P1-merge-dominance P1-shadow-retries P2-dirty-compensation P2-oversized-compensation P3-replay-divergence
P3-late-events P4-crash-loop P4-slow-gate P5-cas-contention P5-stale-timer P6-approval-starvation
P6-ignored-kill""".split()
WEAK = """unverified-commit reject-as-success identical-retries loop-without-progress no-budget reject-crashes
untyped-reject model-dependent-verifier blind-verifier claim-without-action id-coverage stacked-retries""".split()


def test_the_shipped_knowledge_base_is_sound() -> None:
    assert check(shipped()) == []


def test_it_holds_what_the_method_names() -> None:
    catalog = shipped()
    current = [name for name, each in catalog.patterns.items() if each.status == "current"]
    assert current == ["P1", "P2", "P3", "P4", "P5", "P6"]
    assert [n for n, each in catalog.patterns.items() if each.status == "candidate"] == ["P7", "P8", "P9"]
    assert tuple(catalog.questions) == KEYS
    of_the_paper = [name for name, each in catalog.signatures.items() if each.status == "current"]
    assert sorted(of_the_paper) == sorted(SLUGS)
    assert sorted(catalog.weaknesses) == sorted(f"SDB-{slug}" for slug in WEAK)
    for at, slug in enumerate(WEAK, 1):
        assert catalog.weaknesses[f"SDB-{slug}"].number == f"S{at}"
    assert len(catalog.workloads) == 5
    assert sorted(each.number for each in catalog.incidents.values()) == list(range(1, 22))
    assert len(catalog.frameworks) == 5
    assert {"mast", "agentrx", "trail", "owasp"} == set(catalog.crosswalks)
    for name in ("spine-pauses", "spine-not-reconstructible", "spine-world-changes", "spine-event-stream"):
        assert name in catalog.predicates


def test_every_threshold_of_the_paper_is_one_that_it_states() -> None:
    every = {**shipped().signatures, **shipped().weaknesses}
    stated = {(n, k): t.value for n, e in every.items() for k, t in e.thresholds.items() if t.source == "paper"}
    assert stated == {
        ("P2-oversized-compensation", "ratio"): 1,
        ("P5-cas-contention", "p99-retries"): 3,
        ("P6-ignored-kill", "grace"): 1,
    }


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(data_room("knowledge"), tmp_path / "knowledge"))


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_every_fault_of_every_file_at_once(copy: Path) -> None:
    _edit(copy / "patterns/P1.toml", 'concern = "Coordination"', 'concern = "Coordinaton"')
    _edit(copy / "questions/duration.toml", "wording", "wordin")
    (copy / "signatures/P4-slow-gate.toml").write_bytes(b"\xff")
    (copy / "readings/p6-level.toml").write_text("id = 1\nid = 2\n")
    (copy / "junk").mkdir()
    shutil.copy(copy / "frameworks/crewai.toml", copy / "frameworks/other.toml")
    (copy / "frameworks/notes.txt").write_text("x")
    faults = [str(fault) for fault in check(Catalog(copy))]
    for place in (
        "knowledge/junk: is no room",
        "knowledge/frameworks/notes.txt: is not an entry",
        "knowledge/patterns/P1.toml: concern:",
        "knowledge/questions/duration.toml: wordin: is an unknown key",
        "knowledge/questions/duration.toml: wording: is missing",
        "knowledge/signatures/P4-slow-gate.toml:1: is not UTF-8",
        "knowledge/readings/p6-level.toml: is not TOML",
        "knowledge/frameworks/other.toml: id: is 'crewai', not the file's name",
    ):
        assert any(fault.startswith(place) for fault in faults), place


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "patterns/P2.toml",
            '"P2-dirty-compensation"',
            '"P2-dirt"',
            "if_wrong: names 'P2-dirt', which is not in sign",
        ),
        (
            "predicates/plane-stop.toml",
            '["stop_in_flight"]',
            '["stop"]',
            "all.0: names 'stop', which is not in",
        ),
        ("predicates/plane-stop.toml", "order = 220", "order = 10", "order: 10 is used twice"),
        ("patterns/P3.toml", '"kreps-2013-log"', '"kreps"', "names 'kreps', which is not in references"),
        ("crosswalks/mast.toml", '"SDB-blind-verifier"', '"SDB-blind"', "names 'SDB-blind'"),
        ("patterns/P4.toml", "\nP5 = ", "\nP9 = ", "composes.P5: is missing; say how P4 composes with P5"),
    ],
)
def test_what_does_not_resolve(copy: Path, file: str, old: str, new: str, expected: str) -> None:
    _edit(copy / file, old, new)
    faults = [str(fault) for fault in check(Catalog(copy))]
    assert any(fault.startswith(f"knowledge/{file}: ") and expected in fault for fault in faults), faults


def test_what_nothing_reaches(copy: Path) -> None:
    text = (copy / "references/ongaro-2014-raft.toml").read_text().replace("ongaro-2014-raft", "nobody-2000")
    (copy / "references/nobody-2000.toml").write_text(text)
    (copy / "predicates/plane-volume.toml").unlink()
    _edit(copy / "patterns/P6.toml", '"plane-volume"', '"plane-stop"')
    faults = [str(fault) for fault in check(Catalog(copy))]
    assert faults == [
        "knowledge/references/nobody-2000.toml: is reached by nothing; refer to it, or remove it",
        "knowledge/questions/volume_can_overwhelm.toml: is asked by no predicate; add a predicate over it",
    ]


@given(st.text())
def test_any_text_is_an_answers_file_or_a_fault(text: str) -> None:
    import tomllib

    try:
        parse_answers(tomllib.loads(text), "x.toml")
    except (tomllib.TOMLDecodeError, InputError):
        return
    raise AssertionError("random text passed as an answers file")


@given(
    st.dictionaries(
        st.sampled_from(["schema", "id", "title", "answers", "notes", "planes", "sign_off", "record", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
            max_leaves=6,
        ),
    )
)
def test_any_table_is_parsed_or_refused_with_one_line_a_fault(table: dict[str, object]) -> None:
    try:
        parse_answers(table, "x.toml")
    except InputError as error:
        assert error.faults
        for fault in error.faults:
            assert "\n" not in str(fault)
            assert str(fault).startswith("x.toml: ")


def test_every_entry_is_explained_in_every_format() -> None:
    for room, name, entry in shipped().entries():
        found = explain(name)
        assert (found.room, found.entry) == (room, entry)
        for format in ("terminal", "markdown", "html", "json"):
            text = render_explanation(found, format, width=80)
            assert name in text.replace("\\", "")
            if format == "terminal":
                assert max(map(len, text.splitlines())) <= 80
    assert explain("P1a").entry.id == "P1-merge-dominance"
    assert explain("s3").entry.id == "SDB-identical-retries"


def test_neighbours_go_both_ways() -> None:
    pattern = explain("P5")
    assert ("P5-cas-contention", "CAS contention") in pattern.named_by["signature of"]
    assert ("spine-pauses", shipped().predicates["spine-pauses"].title) in pattern.named_by["decides"]
    assert ("corbett-2012-spanner", shipped().references["corbett-2012-spanner"].title) in pattern.names["cites"]


@pytest.mark.parametrize("wrong", ["P10", "../P1", "p5-cas-contenton", "\x1b[31m", "", "x" * 5000])
def test_an_unknown_id_is_refused_with_the_nearest(wrong: str) -> None:
    with pytest.raises(InputError) as caught:
        explain(wrong)
    (fault,) = caught.value.faults
    assert "\x1b" not in str(fault)
    assert fault.mend.startswith(("did you mean", "see the ids"))


def test_the_list_shows_every_entry() -> None:
    for format in ("terminal", "markdown", "html", "json"):
        text = render_catalog(shipped(), None, format, width=80)
        for _, name, _entry in shipped().entries():
            assert name in text
    assert set(json.loads(render_catalog(shipped(), "patterns", "json"))["rooms"]) == {"patterns"}


def test_the_graph_is_the_same_in_every_format() -> None:
    made = graph(shipped())
    entries = {f"{room}/{name}" for room, name, _ in shipped().entries()}
    assert set(made) == entries
    edges = {(f"{r.room}/{r.source}", r.kind, r.target) for r in relations(shipped())}
    assert made.number_of_edges() == len(edges)
    from_json = nx.node_link_graph(json.loads(written(shipped(), "json")), edges="edges")
    from_xml = nx.parse_graphml(written(shipped(), "graphml"), force_multigraph=True)
    for other in (from_json, from_xml):
        assert set(other) == entries
        assert other.number_of_edges() == made.number_of_edges()
    dot, mermaid = written(shipped(), "dot"), written(shipped(), "mermaid")
    assert dot.count(" -> ") == mermaid.count(" -->|") == made.number_of_edges()
    assert dot.count("{") == dot.count("}") == 1


def test_the_commands(tmp_path: Path) -> None:
    assert "P9  Cross-Runtime Handoff  (candidate)" in advisor("catalog", "--kind", "patterns").stdout
    assert advisor("catalog", "check").stdout.startswith("sound: ")
    assert advisor("catalog", "--kind", "pattern").stderr.strip().endswith(", ".join(ROOMS))
    assert advisor("explain", "P6").stdout.startswith("P6  Human in the Loop\n")
    out = tmp_path / "graph.dot"
    assert advisor("catalog", "graph", "--as", "dot", "-o", str(out)).returncode == 0
    assert out.read_text().startswith("digraph knowledge {")
