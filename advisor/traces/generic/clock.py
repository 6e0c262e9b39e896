"""The time at the start of a line of text, in the forms that loggers and servers write."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_MONTHS = {name: at for at, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_TIME = r"(?P<time>\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)"
_ZONE = r"(?:\s?(?P<zone>Z|UTC|[+-]\d\d:?\d\d))?"
_MONTH = r"(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_OPENING = r"[\[(<\"']?"
_CLOSING = r"[\])>\"']?"

_ISO = re.compile(
    rf"{_OPENING}(?P<year>\d{{4}})[-/](?P<number>\d\d)[-/](?P<day>\d\d)[T _]"
    rf"(?P<time>\d\d:\d\d(?::\d\d(?:[.,]\d{{1,9}})?)?){_ZONE}{_CLOSING}(?![\w.])"
)
_EPOCH = re.compile(rf"{_OPENING}(?P<epoch>\d{{10}}(?:\.\d{{1,9}})?|\d{{13}}|\d{{16}}|\d{{19}}){_CLOSING}(?=[\s|,:])")
_APACHE = re.compile(rf"\[?(?P<day>\d\d)/{_MONTH}/(?P<year>\d{{4}})[: ]{_TIME}{_ZONE}\]?(?!\w)")
_CTIME = re.compile(rf"\[?[A-Z][a-z]{{2}},? {_MONTH} (?P<day>[ \d]\d) {_TIME} (?P<year>\d{{4}})\]?(?!\w)")
_MAIL = re.compile(rf"\[?[A-Z][a-z]{{2}}, (?P<day>\d\d?) {_MONTH} (?P<year>\d{{4}}) {_TIME}{_ZONE}\]?(?!\w)")
_SYSLOG = re.compile(rf"{_MONTH} (?P<day>[ \d]\d) {_TIME}(?=\s)")
_PRIORITY = re.compile(r"<\d{1,3}>(?:1 )?")
_ACCESS = re.compile(r"(?:\S+ ){2,4}(?=\[\d\d/[A-Z][a-z]{2}/\d{4}:)")


def time_of(text: str, written: datetime | None = None) -> tuple[str, int] | None:
    """The time at a line's start as ISO 8601 text (or an epoch's digits), and where it ends; None where there is none.

    Args:
        text: The line.
        written: When the file was last written: a time without a year is taken for the last such day before it.
    """
    start = found.end() if (found := _PRIORITY.match(text)) else 0
    for form, read in _FORMS:
        if found := form.match(text, start):
            said = read(found, written)
            return (said, found.end()) if said else None
    return None


def access_time(text: str) -> tuple[str, int] | None:
    """The time in a line of a web server's access log, which stands behind the client, and where it starts."""
    if before := _ACCESS.match(text[:400]):
        found = _APACHE.match(text, before.end())
        said = _dated(found, None) if found else None
        return (said, before.end()) if said else None
    return None


def _dated(found: re.Match[str], written: datetime | None) -> str | None:
    named = found.groupdict()
    month = int(named["number"]) if "number" in named else _MONTHS[named["month"].lower()]
    zone = named.get("zone") or ""
    zone = "+00:00" if zone in ("Z", "UTC") else zone
    return f"{named['year']}-{month:02}-{int(named['day']):02}T{named['time'].replace(',', '.')}{zone}"


def _yearless(found: re.Match[str], written: datetime | None) -> str | None:
    if written is None:
        return None
    month, day = _MONTHS[found["month"].lower()], int(found["day"])
    for year in range(written.year + 1, written.year - 9, -1):
        try:
            then = datetime(year, month, day, tzinfo=UTC)
        except ValueError:  # the 29th of February
            continue
        if then <= written + timedelta(days=1):
            return f"{year}-{month:02}-{day:02}T{found['time'].replace(',', '.')}"
    return None


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], datetime | None], str | None]], ...] = (
    (_ISO, _dated),
    (_EPOCH, lambda found, written: found["epoch"]),
    (_SYSLOG, _yearless),
    (_APACHE, _dated),
    (_CTIME, _dated),
    (_MAIL, _dated),
)
