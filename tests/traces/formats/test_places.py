"""The lines of elements in nested lists: exact in documents, silent in what is none."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from advisor.traces.formats.places import starts

KEYS = st.sampled_from(["a", "b", "spans", 'q"[{', "\\"])
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4), st.just('"spans": [{')),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=20,
)


def numbered(value: Any, under: str = "") -> tuple[Any, list[int]]:
    """The objects in lists under `spans`, in order, each given a mark."""
    marks: list[int] = []

    def walk(one: Any, inside: str) -> Any:
        if isinstance(one, dict):
            return {key: walk(inner, key) for key, inner in one.items()}
        if isinstance(one, list):
            made = []
            for inner in one:
                if inside == "spans" and isinstance(inner, dict):
                    marks.append(len(marks))
                    made.append({"mark": len(marks) - 1, **walk(inner, "")})
                else:
                    made.append(walk(inner, ""))
            return made
        return one

    return walk(value, under), marks


@given(VALUES)
def test_every_object_of_a_list_is_found_in_order(value: Any) -> None:
    marked, marks = numbered({"root": value})
    text = json.dumps(marked, indent=1)
    lines = text.splitlines()
    found = [lines[line] for line in starts(text, "spans") if '"mark": ' in lines[line]]
    assert [int(one.split(":")[1].strip(" ,")) for one in found] == marks


def test_lists_are_elements_too() -> None:
    text = '{"values": [\n["1", "a"],\n["2", "b"]\n], "other": [\n[1]\n]}'
    assert list(starts(text, "values")) == [2, 3]


def test_what_is_no_document_has_no_places() -> None:
    assert list(starts("", "spans")) == []
    assert list(starts("]]", "spans")) == []
    assert list(starts('{"spans": [{"a": "', "spans")) == [1]
