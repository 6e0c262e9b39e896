"""Log platforms' envelopes: what they hold, on which line, when it was appended; hostile variants, sniffing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats import formats
from advisor.traces.formats.wrappers import WRAPPERS, Wrapper, labels_of
from advisor.traces.load import load
from advisor.traces.opening import open_sources
from tests.traces.formats.hostile import source_of, spoilt
from tests.traces.logs import rows

BY_ID = {one.id: one for one in WRAPPERS}
LINE = '{"event": "gate_decision", "decision": "deny"}'
TEXT = "level=error event=cas_conflict attempt=2"
SEEN = 1776816106120000
FILTERED = {
    "events": [
        {"logStreamName": "ecs/a", "timestamp": 1776816106120, "message": LINE, "ingestionTime": 1776816108999},
        {"logStreamName": "ecs/b", "timestamp": 1776816106120, "message": TEXT},
    ],
    "searchedLogStreams": [],
}
SUBSCRIBED = {
    "messageType": "DATA_MESSAGE",
    "logGroup": "/ecs",
    "logStream": "ecs/a",
    "logEvents": [{"id": "1", "timestamp": 1776816106120, "message": LINE}],
}
INSIGHTS = {
    "results": [
        [
            {"field": "@timestamp", "value": "2026-04-22 00:01:46.120"},
            {"field": "@message", "value": LINE},
            {"field": "@ptr", "value": "CmEK"},
        ],
        [{"field": "@timestamp", "value": "2026-04-22 00:01:46.120"}, {"field": "decision", "value": "deny"}],
    ],
    "status": "Complete",
}
DATADOG = {
    "data": [
        {
            "id": "1",
            "type": "log",
            "attributes": {
                "timestamp": "2026-04-22T00:01:46.120Z",
                "status": "warn",
                "service": "renewals",
                "message": "gate_decision",
                "tags": ["env:prod", "url:http://x", "bare"],
                "attributes": {"decision": "deny", "dd": {"trace_id": "12"}},
            },
        },
        {"id": "2", "type": "log", "attributes": {"message": LINE, "attributes": {}}},
    ],
    "meta": {},
}
LOKI = {
    "status": "success",
    "data": {
        "resultType": "streams",
        "result": [
            {
                "stream": {"app": "renewals"},
                "values": [["1776816106120000000", LINE], ["1776816106120000000", TEXT, {"trace_id": "t"}]],
            },
            {"stream": {"app": "other"}, "values": [["1776816106120000000", TEXT]]},
        ],
    },
}
LOGCLI = {"labels": {"app": "renewals"}, "line": LINE, "timestamp": "2026-04-22T00:01:46.12Z"}


def unwrapped(path: Path) -> tuple[str, list[Any], list[Any]]:
    bad: list[tuple[int, str]] = []
    ((_, source),) = open_sources(path, lambda line, why: bad.append((line, why)))
    (wrapper,) = [one for one in WRAPPERS if one.sniff(source)]
    return wrapper.id, list(wrapper.unwrap(source)), bad


def written(folder: Path, value: Any) -> Path:
    file = folder / "log.json"
    file.write_text(json.dumps(value, indent=1))
    return file


def test_cloudwatchs_filtered_events(tmp_path: Path) -> None:
    assert unwrapped(written(tmp_path, FILTERED)) == (
        "cloudwatch",
        [
            (3, LINE, {"observed_us": SEEN, "labels": {"logStream": "ecs/a"}}),
            (9, TEXT, {"observed_us": SEEN, "labels": {"logStream": "ecs/b"}}),
        ],
        [],
    )


def test_a_cloudwatch_subscription(tmp_path: Path) -> None:
    labels = {"logGroup": "/ecs", "logStream": "ecs/a"}
    expected = [(6, LINE, {"observed_us": SEEN, "labels": labels})]
    assert unwrapped(written(tmp_path, SUBSCRIBED)) == ("cloudwatch", expected, [])


def test_subscriptions_that_were_delivered_one_after_the_other(tmp_path: Path) -> None:
    file = tmp_path / "delivery"
    file.write_text(json.dumps(SUBSCRIBED) + json.dumps({"messageType": "CONTROL_MESSAGE", "logEvents": []}))
    name, payloads, _ = unwrapped(file)
    assert (name, len(payloads)) == ("cloudwatch", 1)


def test_cloudwatch_insights_give_messages_or_fields(tmp_path: Path) -> None:
    assert unwrapped(written(tmp_path, INSIGHTS)) == (
        "cloudwatch",
        [(3, LINE, {"observed_us": SEEN}), (17, {"decision": "deny"}, {"observed_us": SEEN})],
        [],
    )


def test_datadogs_logs_give_their_attributes_or_their_message(tmp_path: Path) -> None:
    name, payloads, bad = unwrapped(written(tmp_path, DATADOG))
    assert (name, bad) == ("datadog_logs", [])
    (line, body, extra), (_, text, other) = payloads
    assert (line, body) == (3, {"decision": "deny", "dd": {"trace_id": "12"}, "message": "gate_decision"})
    assert extra == {
        "observed_us": SEEN,
        "labels": {"env": "prod", "url": "http://x", "service": "renewals", "status": "warn"},
    }
    assert (text, other) == (LINE, {})


def test_lokis_streams_and_their_metadata(tmp_path: Path) -> None:
    file = written(tmp_path, LOKI)
    text = file.read_text().splitlines()
    name, payloads, bad = unwrapped(file)
    assert (name, bad) == ("loki", [])
    assert [(body, extra["labels"]) for _, body, extra in payloads] == [
        (LINE, {"app": "renewals"}),
        (TEXT, {"app": "renewals", "trace_id": "t"}),
        (TEXT, {"app": "other"}),
    ]
    assert {extra["observed_us"] for _, _, extra in payloads} == {SEEN}
    assert [json.loads(text[line + 1].strip().rstrip(",")) for line, _, _ in payloads] == [LINE, TEXT, TEXT]


def test_what_is_pushed_to_loki(tmp_path: Path) -> None:
    name, payloads, _ = unwrapped(written(tmp_path, {"streams": LOKI["data"]["result"]}))  # type: ignore[index]
    assert (name, len(payloads)) == ("loki", 3)


def test_logclis_lines(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text("\n".join([json.dumps(LOGCLI), "42", json.dumps({**LOGCLI, "line": TEXT})]))
    name, payloads, bad = unwrapped(file)
    extra = {"observed_us": SEEN, "labels": {"app": "renewals"}}
    assert (name, payloads) == ("logcli", [(1, LINE, extra), (3, TEXT, extra)])
    assert [line for line, _ in bad] == [2]


def test_what_holds_no_line_is_located(tmp_path: Path) -> None:
    broken = {**FILTERED, "events": [*FILTERED["events"], *FILTERED["events"] * 4, 7, {"timestamp": 1}]}  # type: ignore[misc]
    _, payloads, bad = unwrapped(written(tmp_path, broken))
    assert len(payloads) == 10
    assert [why for _, why in bad] == ["is no log event: it has no message"] * 2


def test_labels_are_plain_texts() -> None:
    assert labels_of({"a": 1, "b": None, "c": {"d": 1}}, ["e:f", "g", 7], None) == {"a": "1", "e": "f"}


CASES = [
    ("cloudwatch", FILTERED),
    ("cloudwatch", SUBSCRIBED),
    ("cloudwatch", INSIGHTS),
    ("datadog_logs", DATADOG),
    ("loki", LOKI),
    ("logcli", LOGCLI),
]


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(CASES).flatmap(lambda case: st.tuples(st.just(case[0]), spoilt(case[1]))), st.booleans())
def test_whatever_an_envelope_holds_it_is_unwrapped_or_noted(case: tuple[str, Any], document: bool) -> None:
    wrapper: Wrapper = BY_ID[case[0]]
    bad: list[tuple[int, str]] = []
    source = source_of([case[1]], bad, shape="document" if document else "lines")
    wrapper.sniff(source)
    for line, body, extra in wrapper.unwrap(source):
        assert isinstance(line, int) and isinstance(body, str | dict)
        assert all(isinstance(one, str) for one in extra.get("labels", {}).values())
        assert isinstance(extra.get("observed_us", 0), int)


@pytest.mark.parametrize(("name", "value"), CASES)
def test_an_envelope_is_known_by_its_own_wrapper_and_by_no_format_of_spans(name: str, value: Any) -> None:
    source = source_of([value], [], shape="document")
    assert [one.id for one in WRAPPERS if one.sniff(source)] == [name]
    spans = {"otlp_json", "langfuse_trace", "langsmith_runs", "phoenix_spans", "datadog_llmobs", "flat_attrs"}
    assert [one.id for one in formats() if one.id in spans and one.sniff(source)] == []


def test_other_documents_are_left_alone() -> None:
    for value in (
        {"events": [{"eventId": "1", "eventType": "WORKFLOW_EXECUTION_STARTED"}]},
        {"events": []},
        {"results": [{"passed": True}], "status": "done"},
        {"data": [{"type": "span", "attributes": {"span_kind": "llm", "start_ns": 1}}]},
        {"line": "x", "timestamp": 1},
        {"data": True},
        {"data": 7, "streams": 7, "results": 7, "events": 7},
    ):
        assert not [one.id for one in WRAPPERS if one.sniff(source_of([value], [], shape="document"))]


def loaded(folder: Path, *values: Any) -> list[tuple[Any, ...]]:
    """What a log of these envelopes becomes, through the whole of the loader."""
    (folder / "log.json").write_text("\n".join(json.dumps(value) for value in values))
    log = load([str(folder)])
    assert [file.skipped_reason for file in log.files] == [None]
    return rows(log, "line", "kind", "decision", "attempt", "observed_us")


def test_objects_and_lines_of_text_in_an_envelope_are_read_each_as_what_they_are(tmp_path: Path) -> None:
    found = loaded(tmp_path, FILTERED)
    assert [row for row in found if row[1] == "gate_decision"] == [(1, "gate_decision", "deny", None, SEEN)]
    assert [row for row in found if row[3] == 2] == [(1, "cas", None, 2, None)]
    assert len(found) == 2


def test_envelopes_in_envelopes_are_taken_off(tmp_path: Path) -> None:
    shipped = {**LOGCLI, "line": json.dumps({**LOGCLI, "line": json.dumps(SUBSCRIBED)})}
    assert [row[1:3] for row in loaded(tmp_path, *[shipped] * 3)] == [("gate_decision", "deny")] * 3


def test_lists_in_an_envelope_are_a_stream_of_langgraph(tmp_path: Path) -> None:
    step = ["updates", {"agent": {"messages": []}}]
    (tmp_path / "log.json").write_text("\n".join(json.dumps({**LOGCLI, "line": json.dumps(step)}) for _ in range(3)))
    (file,) = load([str(tmp_path)]).files
    assert (file.format, file.rows) == ("langgraph_stream", 3)


def test_many_lines_of_text_wait_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("advisor.traces.unwrapping.HELD", 1000)
    assert [row[1:4] for row in loaded(tmp_path, *[{**LOGCLI, "line": TEXT}] * 900)] == [("cas", None, 2)] * 900
