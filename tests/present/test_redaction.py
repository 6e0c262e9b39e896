"""What is masked in every output, what stays, and that it takes time in proportion to the text."""

from __future__ import annotations

import datetime
import re
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.present.redaction import luhn, redact

# Put together here so that no scanner takes this file for a leak.
RUN = "a1B2c3D4e5F6g7H8i9J0k1L2"
HIDDEN = {
    "openai": ("sk-" + "proj-" + RUN, "api-key"),
    "anthropic": ("sk-" + "ant-api03-" + RUN, "api-key"),
    "aws": ("AKIA" + "IOSFODNN7EXAMPLE", "api-key"),
    "github": ("ghp" + "_" + RUN, "api-key"),
    "slack": ("xoxb" + "-123456789012-" + RUN, "api-key"),
    "stripe": ("sk" + "_live_" + RUN, "api-key"),
    "google": ("AIza" + "Sy" + RUN + "abcdefghi", "api-key"),
    "hugging face": ("hf" + "_" + RUN, "api-key"),
    "jwt": ("eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0." + "c2lnbmF0dXJl", "jwt"),
    "private key": ("-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----", "private-key"),
    "cut private key": ("-----BEGIN PRIVATE KEY-----\nMIIB", "private-key"),
    "email": ("jo.doe+x@mail.example.co.uk", "email"),
    "card": ("4111 1111 1111 1111", "card"),
    "card, bare": ("5555555555554444", "card"),
    "amex": ("3782-822463-10005", "card"),
    "phone": ("+49 151 1234 5678", "phone"),
    "phone, bare": ("+4915112345678", "phone"),
    "phone, national": ("(212) 555-0123", "phone"),
    "iban": ("DE89370400440532013000", "iban"),
    "iban, grouped": ("GB82 WEST 1234 5698 7654 32", "iban"),
    "ssn": ("078-05-1120", "ssn"),
}


@pytest.mark.parametrize("name", HIDDEN)
@pytest.mark.parametrize("around", ["{}", "said {} then", '{{"v": "{}"}}', "x={};y=1", "({})", "<{}>, more"])
def test_a_secret_leaves_nothing_but_its_kind_and_a_hash(name: str, around: str) -> None:
    value, kind = HIDDEN[name]
    shown = redact(around.format(value))
    if name == "cut private key":
        around = around.split("{}", maxsplit=1)[0] + "{}"
    assert re.fullmatch(re.escape(around.format("@")).replace("@", rf"\[{kind}:[0-9a-f]{{4}}\]"), shown), shown


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("password=hunter2 and on", "password=[] and on"),
        ("password: hunter2", "password: []"),
        ('{"db_password": "two words", "n": 1}', '{"db_password": "[]", "n": 1}'),
        (r'"{\"clientSecret\": \"two words\", \"n\": 1}"', r'"{\"clientSecret\": \"[]\", \"n\": 1}"'),
        ("{'api_key': 'abcd', 'n': 1}", "{'api_key': '[]', 'n': 1}"),
        ("OPENAI_API_KEY=abcd1234 run", "OPENAI_API_KEY=[] run"),
        ("run --token abcd1234 now", "run --token [] now"),
        ("GET /v1?access_token=abcd1234&page=2", "GET /v1?access_token=[]&page=2"),
        ("Authorization: Bearer " + RUN, "Authorization: Bearer []"),
        ("sent Bearer " + RUN, "sent Bearer []"),
        ("Cookie: a=b; session=x12345", "Cookie: []"),
        ("postgres://user:s3cr/x@host", "postgres://user:s3cr/x@host"),
        ("postgres://user:s3cret@db:5432/x", "postgres://user:[]@db:5432/x"),
        ("redis://:p@ss@host/0", "redis://:[]@host/0"),
        ("x-amz-signature=0123456789abcdef0123", "x-amz-signature=[]"),
        ("phone=5550123456", "phone=[]"),
        ("cut short: ghp_a1…", "cut short: []…"),
        ('password="never closed', 'password="[]'),
    ],
)
def test_what_a_key_calls_secret_is_masked_and_the_rest_of_the_line_stays(text: str, left: str) -> None:
    assert re.sub(r"\[[a-z-]+:[0-9a-f]{4}\]", "[]", redact(text)) == left


@pytest.mark.parametrize(
    "text",
    [
        "input_tokens=123456 output_tokens=99 max_tokens: 4096 token_count=7 token_type=opaque",
        "cancel_token=run-17-kill next_page_token=abcdef12 fencing_token=000042",
        "token: expired; password: null; secret=<redacted>; api_key=${KEY}",
        "partition_key=orders-1234567 idempotency_key=7f3a9c1b cache_key=abcdef123456",
        "task-abcdefgh12345678abcd sk-learn-pipeline-runner pip install react@18.2.0",
        "git@github.com:owner/repository.git icon@2x.png",
        "Bearer authentication is required; basic understanding",
        "resource_id=4111111111111111 order-4111111111111111 0.4111111111111111",
        "2026-11-22T10:00:00+01:00 2026-11-22 10:00:00.123456 +0100 1700000000000000000",
        "logs/app-2026.jsonl:1203 /var/log/agent/0123456789/run.log v1.22.333-rc4",
        "pwd=/home/agent gen_ai.usage.input_tokens=1234567890123",
        "P5-cas-contention signature=P6-ignored-kill",
        "gpt-4o-2024-08-06 claude-sonnet-4-5-20250929",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


KEYS = st.sampled_from(["request_id", "trace_id", "event_id", "ts_us", "line", "version", "seq", "args_hash", "op_id"])
IDS = st.one_of(
    st.uuids().map(str),
    st.uuids().map(lambda one: one.hex),
    st.binary(min_size=8, max_size=8).map(bytes.hex),
    st.binary(min_size=20, max_size=20).map(bytes.hex),
    st.binary(min_size=32, max_size=32).map(bytes.hex),
    st.integers(0, 2**63).map(str),
    st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2200, 1, 1)).map(datetime.datetime.isoformat),
    st.tuples(*[st.integers(0, 99_999)] * 3).map(lambda v: "v{}.{}.{}".format(*v)),
)


@given(KEYS, IDS)
def test_ids_hashes_times_and_versions_stay(key: str, value: str) -> None:
    for text in (f"{key}={value}", f'{{"{key}": "{value}"}}', f"{key}: {value} more"):
        assert redact(text) == text


TIMES = st.integers(10**9, 2 * 10**9 - 1)


@given(TIMES, st.sampled_from([1, 10**3, 10**6, 10**9]), st.sampled_from(["{}", "at {} us", "[{}, {}]", "x={}"]))
def test_clock_readings_stay_without_any_key(second: int, unit: int, around: str) -> None:
    text = around.format(second * unit, second * unit + 1)
    assert redact(text) == text


@given(
    st.lists(st.from_regex(r"\A[a-z][a-z0-9_.-]{0,20}\Z"), min_size=1, max_size=6),
    st.integers(1, 10**7),
    st.integers(1, 10**4),
)
def test_places_in_files_stay(parts: list[str], line: int, column: int) -> None:
    text = f"see /{'/'.join(parts)}:{line}:{column}"
    assert redact(text) == text


@given(st.text(max_size=200))
def test_masking_twice_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(st.text("0123456789", min_size=14, max_size=14))
def test_only_numbers_with_a_right_check_digit_are_cards(body: str) -> None:
    digits = next(f"4{body}{last}" for last in range(10) if luhn(f"4{body}{last}"))
    wrong = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    assert redact(f"paid {digits}").startswith("paid [card:")
    assert redact(f"paid {wrong}") == f"paid {wrong}"


def test_equal_values_have_equal_masks_and_others_differ() -> None:
    one, again, other = (redact(f"from {name}@example.com")[5:] for name in ("a", "A", "b"))
    assert one == again != other
    assert redact("4111 1111 1111 1111") == redact("4111-1111-1111-1111") == redact("4111111111111111")


def test_the_hash_is_keyed_anew_in_every_run() -> None:
    code = "from advisor.present.redaction import redact; print([redact(f'u{n}@example.com') for n in range(4)])"
    runs = {subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout for _ in range(2)}
    assert len(runs) == 2


ADVERSARIAL = r"""
password= a@ sk- eyJaaaaa. 4_1_1_1_ +1_ ://a: -----BEGIN_PRIVATE_KEY----- a a. a- 1 1- DE89_ DE89 token=" \"token\":\"
Bearer_ +1(1) SG.a =\ -- https:// Cookie:_ A@ 1234-1234- [a:0000 sk_live_ (212)_ a=> 4111_1111_
""".split()


@pytest.mark.parametrize("unit", ADVERSARIAL)
def test_a_megabyte_made_to_be_slow_takes_about_as_long_a_character_as_a_tenth_of_it(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit.replace("_", " ") * (size // len(unit))
        start = time.process_time()
        redact(text)
        return time.process_time() - start

    tenth, whole = seconds(100_000), seconds(1_000_000)
    # Quadratic time would be a factor of 100.
    assert whole < max(0.5, 30 * tenth)
