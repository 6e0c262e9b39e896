"""Masks secrets and personal data in text from logs: `[kind:xxxx]`, the same for equal values within one run.

A rule is a pattern of bounded or possessive repeats, so that the time is linear in the text, and where a pattern alone
would also fit ids, times or versions, a check: a checksum, a key's name, a prefix that only that issuer uses. What the
rules do not know stays: names of people, postal addresses, and secrets that nothing marks as such.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from hashlib import blake2s
from typing import NamedTuple

from advisor.present.redaction_keys import keyed

_RUN_KEY = secrets.token_bytes(16)
_MASK = re.compile(r"(\[[a-z-]{2,16}:[0-9a-f]{4}\])")


class Span(NamedTuple):
    """A stretch of text to be masked, and what it is."""

    start: int
    end: int
    kind: str


def redact(text: str) -> str:
    """The text with every secret and every piece of personal data that the rules know replaced by a mask."""
    # What is masked already stays as it is, so that masking twice changes nothing.
    pieces = _MASK.split(text)
    return "".join(piece if at % 2 else _redacted(piece) for at, piece in enumerate(pieces))


def _redacted(text: str) -> str:
    out: list[str] = []
    done = 0
    for start, end, kind in _apart(sorted(find(text), key=lambda span: (span.start, -span.end))):
        out += (text[done:start], mask(kind, text[start:end]))
        done = end
    return "".join((*out, text[done:])) if out else text


def mask(kind: str, value: str) -> str:
    """The mask of a value: a short hash, keyed anew at each run, says which masks are equal and nothing else.

    One number written in two ways has one mask.
    """
    same = re.sub(r"[\W_]", "", value) if kind in ("card", "iban", "phone", "ssn") else value
    same = value.lower() if kind == "email" else same
    return f"[{kind}:{blake2s(same.encode('utf-8', 'replace'), key=_RUN_KEY, digest_size=2).hexdigest()}]"


def find(text: str) -> Iterator[Span]:
    """Every stretch that some rule knows, in no order; they may overlap."""
    for kind, group, pattern, fits in _RULES:
        for match in pattern.finditer(text):
            if fits is None or fits(match):
                yield Span(*match.span(group), kind)
    yield from _ibans(text)
    for start, end, kind in keyed(text):
        yield Span(start, end, kind)


def _apart(spans: list[Span]) -> Iterator[Span]:
    """Overlapping spans joined under the kind of the first, so that no part of either is left."""
    held: Span | None = None
    for span in spans:
        if held and span.start < held.end:
            held = held._replace(end=max(held.end, span.end))
        else:
            if held:
                yield held
            held = span
    if held:
        yield held


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of a payment card number."""
    doubled = [int(digit) * (2 if at % 2 else 1) for at, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _card(match: re.Match[str]) -> bool:
    digits = re.sub(r"\D", "", match[0])
    issued = re.match(
        r"(?:4|5[1-5]|2(?:2[2-9]|[3-6]\d|7[01])|6011|65|64[4-9]|35|62)\d*$" if len(digits) == 16 else r"3[4-9]|30",
        digits,
    )
    grouped = len(digits) < len(match[0])
    return bool(issued) and luhn(digits) and (grouped or not _NAMED_ID.search(match.string, *_before(match)))


# A key that names an identifier, a time or a version right before a bare number: the number is that, not a card.
_NAMED_ID = re.compile(
    r"(?:(?:\b|_)(?:id|seq|line|hash|version|ts|time|span|trace|us|ns|ms)|[a-z]I[dD])[\"']?\s?[=:]\s?[\"']?\Z"
)


def _before(match: re.Match[str]) -> tuple[int, int]:
    return max(0, match.start() - 40), match.start()


# Lengths of IBANs by country, from the registry.
_IBAN_LENGTHS = {
    country: int(length)
    for length, countries in {
        "15": "NO", "16": "BE", "18": "DK FI FO GL NL SD", "19": "MK SI", "20": "AT BA EE KZ LT LU XK",
        "21": "CH HR LI LV", "22": "BG BH CR DE GB GE IE ME RS VA", "23": "AE GI IL IQ OM SO TL",
        "24": "AD CZ ES MD PK RO SA SE SK TN VG", "25": "LY PT ST", "26": "IS TR",
        "27": "BI DJ FR GR IT MC MR SM", "28": "AL AZ BY CY DO GT HU LB NI PL SV", "29": "BR EG PS QA UA",
        "30": "JO KW MU", "31": "MT SC", "32": "LC", "33": "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip


_IBAN_START = re.compile(r"(?<![A-Za-z0-9_-])([A-Z]{2})\d{2}")


def _ibans(text: str) -> Iterator[Span]:
    """Account numbers, in one piece or in groups of four: as long as their country's are, with a sum that is right."""
    for match in _IBAN_START.finditer(text):
        length = _IBAN_LENGTHS.get(match[1], 0)
        found = length and re.compile(rf"(?:[A-Z0-9] ?){{{length - 1}}}[A-Z0-9](?![A-Za-z0-9_])").match(
            text, match.start()
        )
        if found:
            account = found[0].replace(" ", "")
            if int("".join(str(int(c, 36)) for c in account[4:] + account[:4])) % 97 == 1:
                yield Span(*found.span(), "iban")


def _phone(match: re.Match[str]) -> bool:
    """Ten to fifteen digits, not one number with a decimal point."""
    digits = sum(c.isdigit() for c in match[0])
    return 10 <= digits <= 15 and not re.fullmatch(r"\+\d+\.\d+", match[0])


def _opaque(match: re.Match[str]) -> bool:
    """Whether a token looks drawn at random, and is no word or words with hyphens; one that is cut short counts."""
    if match.string.startswith("…", match.end()):
        return True
    return any(
        len(run) >= 8 and (any(c.isdigit() for c in run) or (run[1:] != run[1:].lower() and run != run.upper()))
        for run in re.split(r"[-_.]", match[match.re.groups and 1])
    )


_FILE_ENDINGS = frozenset("png jpg jpeg gif svg py js ts json jsonl toml yaml yml md txt log csv css html".split())


def _email(match: re.Match[str]) -> bool:
    return match[0].rpartition(".")[2].lower() not in _FILE_ENDINGS and not match[0].startswith("git@")


_WORD = r"(?<![A-Za-z0-9_-])"


def _token(prefix: str, chars: str = r"[A-Za-z0-9_-]", least: int = 16) -> str:
    """A token by its prefix; one that was cut short (a citation ends in an ellipsis) counts whatever its length."""
    return rf"{_WORD}(?:{prefix})(?:{chars}{{{least},}}+|{chars}++(?=…))"


_Check = Callable[[re.Match[str]], bool]


def _rules() -> Iterator[tuple[str, int, re.Pattern[str], _Check | None]]:
    """(kind, group that is masked, pattern, check)."""
    banner = r"-----(?:BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY-----"
    yield "private-key", 0, re.compile(rf"{banner}(?s:.*?)(?:{banner}|\Z)"), None
    yield "jwt", 0, re.compile(rf"{_WORD}eyJ[\w-]{{5,}}+\.[\w-]{{4,}}+(?:\.[\w-]*+)?", re.ASCII), None
    yield "password", 1, re.compile(r"://[^\s/:@\"'<>]{0,128}+:([^\s/\"'<>]{1,256})@"), None
    yield "bearer", 1, re.compile(r"(?i)\b(?:bearer|basic)\s{1,3}([\w.~+/=-]{8,})"), _opaque
    yield "api-key", 0, re.compile(_token("sk-|gsk_|r8_")), _opaque
    plain = "gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|xapp-|hf_|npm_|pypi-AgE|lsv2_|dop_v1_|shp(?:at|ss|pa)_|whsec_"
    yield "api-key", 0, re.compile(_token(plain)), _opaque
    yield "api-key", 0, re.compile(_token("[spr]k_(?:live|test)_", least=10)), None
    yield "api-key", 0, re.compile(_token("A(?:KIA|SIA|BIA|CCA)", "[A-Z0-9]")), None
    yield "api-key", 0, re.compile(_token("AIza", least=30)), None
    yield "api-key", 0, re.compile(_token(r"SG\.|ya29\.", r"[\w.-]", least=24)), None
    yield "api-key", 1, re.compile(r"hooks\.slack\.com/services/([\w/]{8,})"), None
    domain = r"(?:[^\W_](?:[\w-]{0,62})\.){1,6}[A-Za-z]{2,24}"
    yield "email", 0, re.compile(rf"(?<![\w.+%-])[\w.+%-]{{1,64}}+@{domain}(?![\w@])"), _email
    digits = r"\d{4}([ -])\d{4}\1\d{4}\1\d{4}|3\d{3}([ -])\d{6}\2\d{4,5}|\d{14,16}"
    yield "card", 0, re.compile(rf"(?<![\w.-])(?:{digits})(?![\w-]|\.\d)", re.ASCII), _card
    plus = r"(?<![\w+])\+[1-9]\d{0,14}+(?:[ .-]?\(\d{1,4}+\)\d{0,8}+|[ .-]\d{1,8}+){0,6}+(?!\w)"
    yield "phone", 0, re.compile(plus, re.ASCII), _phone
    national = r"(?<![\w.-])(?:\([2-9]\d\d\) ?|[2-9]\d\d[- ])[2-9]\d\d[- ]\d{4}(?![\w.-])"
    yield "phone", 0, re.compile(national, re.ASCII), None
    yield "ssn", 0, re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-])", re.ASCII), None


_RULES = tuple(_rules())
