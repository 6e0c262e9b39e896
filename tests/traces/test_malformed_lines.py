"""Lines of JSON logs that are not as they should be: each is counted and located, and all others are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.errors import InputError
from tests.traces.logs import bad, line, read, rows

LOST = {
    "a truncated object": (b'{"ts": "2026-04-22T00:00:03Z", "event": "st', "is not JSON"),
    "plain text": (b"Traceback (most recent call last):", "is not JSON"),
    "an escape that JSON has not": (rb'{"event": "a\x41"}', "is not JSON"),
    "a number": (b"42", "is a number, no object"),
    "null": (b"null", "is null, no object"),
    "a list": (b'[1, {"event": "x"}]', "is a list, no object"),
    "a text": (b'"massive error"', "is text, no object"),
    "nothing but NUL": (b"\0" * 300, "holds only NUL characters"),
    "5,000 levels": (b'{"a":' * 5000 + b"1" + b"}" * 5000, "is nested too deeply"),
    "100,000 open brackets": (b"[" * 100_000, "is nested too deeply"),
    "an endless number": (b'{"a": ' + b"9" * 5000 + b"x}", "is not JSON"),
}
SAVED = {
    "a raw control character": (b'{"event": "a\x01b", "request_id": "odd"}', "control characters"),
    "a raw NUL inside": (b'{"event": "a\x00b", "request_id": "odd"}', "control characters"),
    "a NUL before": (b'\x00\x00{"event": "ab", "request_id": "odd"}', "padded with NUL"),
    "half a surrogate": (rb'{"event": "a\ud800b", "request_id": "odd"}', "half a character"),
    "a key given twice": (
        b'{"event": "ab", "request_id": "first", "request_id": "odd"}',
        "has the key 'request_id' twice",
    ),
    "a key given twice inside": (
        b'{"event": "ab", "request_id": "odd", "a": {"b" : 1, "b" : 2}}',
        "has the key 'b' twice",
    ),
    "bytes that are not UTF-8": (b'{"event": "a\xe9b", "request_id": "odd"}', "is not UTF-8"),
    "a comma too many": (b'{"event": "ab", "request_id": "odd", "list": [1, ], }', "a comma before a closing bracket"),
    "an object that breaks off behind another": (
        b'{"event": "ab", "request_id": "odd"}{"eve',
        "breaks off after 1 JSON value",
    ),
}


@pytest.mark.parametrize("case", LOST)
def test_what_is_no_record_is_counted_and_located(case: str, tmp_path: Path) -> None:
    content, why = LOST[case]
    log = read(tmp_path, b"\n".join([line(1), line(2), content, line(4), b"", line(6)]))
    ((number, said),) = bad(log)
    assert number == 3
    assert why in said
    assert rows(log, "line", "request_id") == [(1, "r-1"), (2, "r-2"), (4, "r-4"), (6, "r-6")]
    assert log.inventory()["bad_rows"] == 1


@pytest.mark.parametrize("case", SAVED)
def test_what_can_be_saved_is_read_and_noted(case: str, tmp_path: Path) -> None:
    content, why = SAVED[case]
    log = read(tmp_path, b"\n".join([line(1), line(2), content, line(4)]))
    ((number, said),) = bad(log)
    assert number == 3
    assert why in said
    assert rows(log, "line", "request_id") == [(1, "r-1"), (2, "r-2"), (3, "odd"), (4, "r-4")]


def test_two_objects_on_a_line_are_both_read_and_noted(tmp_path: Path) -> None:
    log = read(tmp_path, line(1) + b"\n" + line(2) + line(3) + b"\n" + line(4))
    assert bad(log) == [(2, "has 2 JSON values on a line")]
    assert rows(log, "line", "request_id") == [(1, "r-1"), (2, "r-2"), (2, "r-3"), (3, "r-4")]


def test_colons_in_text_are_no_keys_given_twice(tmp_path: Path) -> None:
    log = read(tmp_path, b"\n".join([line(1, note='a ": b ": c" :'), line(2, note={"x": '":"'}), line(3)]))
    assert bad(log) == []


def test_nan_and_infinity_are_read_as_pythons_loggers_write_them(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        b"\n".join([line(1), b'{"ts": "2026-04-22T00:00:02Z", "event": "x", "cost_usd": NaN, "score": -Infinity}']),
    )
    assert [number for number, _ in rows(log, "line", "cost_usd")] == [1, 2]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_byte_order_mark_and_line_ends(mark: bytes, end: bytes, tmp_path: Path) -> None:
    log = read(tmp_path, mark + end.join([line(1), line(2), b"", line(4), b""]))
    assert bad(log) == []
    assert rows(log, "line", "request_id") == [(1, "r-1"), (2, "r-2"), (4, "r-4")]


def test_byte_order_mark_of_a_file_behind_another(tmp_path: Path) -> None:
    log = read(tmp_path, line(1) + b"\n\xef\xbb\xbf" + line(2) + b"\n" + line(3))
    assert bad(log) == []
    assert len(rows(log, "line")) == 3


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("shape", ["lines", "text", "document"])
def test_utf_16_with_and_without_its_mark(coding: str, shape: str, tmp_path: Path) -> None:
    records = [json.loads(line(n, note="ä\U0001f600")) for n in (1, 2, 3)]
    text = {
        "lines": "\n".join(json.dumps(record, ensure_ascii=False) for record in records),
        "text": "\n".join(f"{r['ts']} INFO step_done request_id={r['request_id']} note=ä" for r in records),
        "document": json.dumps(records, ensure_ascii=False, indent=1),
    }[shape]
    log = read(tmp_path, text.encode(coding))
    assert bad(log) == []
    assert [id for (id,) in rows(log, "request_id")] == ["r-1", "r-2", "r-3"]


@pytest.mark.parametrize("size", [20 << 20, 100 << 20])
def test_an_overlong_line_is_noted_and_the_rest_read(size: int, tmp_path: Path) -> None:
    long = b'{"event": "' + b"x" * size + b'"}'
    log = read(tmp_path, b"\n".join([line(1), long, line(3), line(4)]))
    assert bad(log) == [(2, f"is longer than 16 MiB ({size >> 20} MiB)")]
    assert [number for (number,) in rows(log, "line")] == [1, 3, 4]


def test_values_that_a_declared_column_cannot_hold_are_noted_and_the_record_kept(tmp_path: Path) -> None:
    odd = [
        {"attempt": "abc"},
        {"attempt": 2.7},
        {"attempt": 10**30},
        {"attempt": {"a": 1}},
        {"is_replay": "perhaps"},
        {"duration_ms": "soon"},
        {"deadline_ts": "tomorrow"},
        {"cost_usd": [1]},
    ]
    log = read(tmp_path, b"\n".join([line(1), *(line(n, **one) for n, one in enumerate(odd, 2))]))
    assert [number for number, _ in bad(log)] == [2, 3, 4, 6, 7, 8, 9]
    assert dict(bad(log))[3] == "attempt is 2.7, which is no whole number"
    assert [id for (id,) in rows(log, "request_id")] == [f"r-{n}" for n in range(1, 10)]
    assert all(value is None for (value,) in rows(log, "attempt"))


def test_guessed_fields_that_do_not_fit_are_listed_and_not_bad(tmp_path: Path) -> None:
    log = read(tmp_path, b"\n".join([line(1), line(2, max_retries="many"), line(3, max_retries="few")]))
    assert bad(log) == []
    (unread,) = log.inventory()["unread_values"]
    assert unread == {"name": "max_retries", "column": "max_attempts", "rows": 2, "file": log.files[0].path, "line": 2}


def test_words_for_nothing_are_no_wrong_numbers(tmp_path: Path) -> None:
    log = read(
        tmp_path, b"\n".join([line(1), line(2, attempt="null"), line(3, deadline_ts="n/a"), line(4, attempt="")])
    )
    assert bad(log) == []


def test_a_list_that_is_not_closed_gives_its_whole_elements(tmp_path: Path) -> None:
    text = json.dumps([json.loads(line(n)) for n in range(1, 6)], indent=1)
    log = read(tmp_path, text[: text.rindex('"event"')])
    assert [id for (id,) in rows(log, "request_id")] == ["r-1", "r-2", "r-3", "r-4"]
    assert [number for number, _ in bad(log)] == [22]
    assert rows(log, "line")[1] == (7,)


def test_after_a_broken_object_reading_starts_anew(tmp_path: Path) -> None:
    whole = [json.dumps(json.loads(line(n)), indent=1) for n in range(1, 4)]
    log = read(tmp_path, "\n".join([whole[0], whole[1][:-20], whole[2]]))
    assert [id for (id,) in rows(log, "request_id")] == ["r-1", "r-3"]
    assert [number for number, _ in bad(log)] == [6]


def test_a_document_broken_from_the_start_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"starts as JSON but is not JSON.*check that the file is whole"):
        read(tmp_path, '{\n "resourceSpans": [\n  {"a": 1},\n')


def test_endless_beginnings_of_documents_end_soon(tmp_path: Path) -> None:
    good = json.dumps(json.loads(line(1)), indent=1)
    log = read(tmp_path, good + '\n{"a": "\n' * 5000 + "\n" + good)
    assert log.files[0].rows >= 1
    assert 1 <= log.files[0].bad_rows <= 60
