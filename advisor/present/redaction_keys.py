"""Finds secrets by what they are called: `password=…`, `"api_key": "…"`, `--token …`; the name decides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# A key, an optional closing quote (escaped in nested JSON), and what parts it from the value.
_KEY = re.compile(
    r"""(?<![\w.-])(?:(?P<flag>--)|\\{0,3}["'])?(?P<key>[A-Za-z_][\w.-]{0,127}+)"""
    r"""\\{0,3}["']?(?:\s{0,2}(?:=>|:=|=|:)\s{0,2}|(?(flag)\s|(?!)))"""
)
_VALUE = re.compile(
    r"""(?P<quote>\\{0,3}["'])(?P<quoted>.{1,1024}?(?=(?<!\\)(?P=quote)|\Z)|.{1024})|"""
    r"""(?:(?i:bearer|basic|token|digest)\s{1,2})?(?P<bare>[^\s"'\\,;&<>(){}\[\]]{1,1024}+)""",
    re.S,
)
_COOKIE = re.compile(r"""(?:\\{0,3}["'])?(?P<bare>[^\r\n"'\\]{1,1024}+)""")
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


class _Named(NamedTuple):
    """What a key says of its value: what it is, and how long and of what make it must be to be worth hiding."""

    kind: str
    least: int = 1
    make: str = r"."


_DRAWN = r".*\d|.+[A-Z]|.{20}"
_SECRET = {
    **dict.fromkeys(("password", "passwd", "passphrase", "passcode"), _Named("password")),
    "pwd": _Named("password", make=r"[^/~]"),
    "secret": _Named("secret"),
    "token": _Named("secret", 6),
    **dict.fromkeys(("apikey", "accesskey", "secretkey", "privatekey"), _Named("api-key", 4)),
    **dict.fromkeys(("authorization", "credential", "credentials", "cookie"), _Named("secret", 6, _DRAWN)),
    "sig": _Named("secret", 16),
    **dict.fromkeys(("ssn", "cvv", "cvc", "iban"), _Named("personal", 3, r".*\d{2}")),
    **dict.fromkeys(("phone", "telephone", "mobile", "msisdn"), _Named("phone", 7, r"(?:\D*\d){7}")),
}
_BEFORE_KEY = frozenset("api access secret private signing encryption auth account subscription".split())
# Tokens that keep nothing secret: they mark a place, a lease or a wish to stop, and are evidence.
_PLACES = frozenset(
    "page next continuation cancel cancellation fencing fence lease resume sync cursor kill stop".split()
)
_NOTHING = frozenset(
    "null none nil true false undefined missing invalid expired required empty redacted removed masked unknown revoked "
    "valid rejected denied unset".split()
)


def keyed(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind of every value whose key says that it is a secret."""
    done = 0
    for match in _KEY.finditer(text):
        named = _named(match["key"]) if match.start() >= done else None
        if named is None:
            continue
        pattern = _COOKIE if match["key"].lower().endswith("cookie") else _VALUE
        value = pattern.match(text, match.end())
        if value is None:
            continue
        group = "bare" if value["bare"] is not None else "quoted"
        shown = value[group].strip()
        if len(shown) >= named.least and re.match(named.make, shown) and not _says_nothing(shown):
            yield *value.span(group), named.kind
            done = value.end(group)


def _named(key: str) -> _Named | None:
    """What a key says of its value, by its last words; None: nothing secret."""
    words = [word.lower() for part in re.split(r"[\W_]+", key) for word in _WORDS.findall(part)]
    if not words:
        return None
    pair = words[-2:]
    if words[-1] == "key":
        return _SECRET["apikey"] if pair[0] in _BEFORE_KEY else None
    if pair == ["amz", "signature"]:
        return _SECRET["sig"]
    if words[-1] == "token" and _PLACES.intersection(words):
        return None
    return _SECRET.get(words[-1])


def _says_nothing(value: str) -> bool:
    """Whether a value is a placeholder, a mask, or says that there is none."""
    return value.lower().rstrip(".!") in _NOTHING or value[0] in "[<{$%*•" or not any(c.isalnum() for c in value)
