"""Durations as people read them."""

from __future__ import annotations


def span(us: float) -> str:
    """Microseconds in the unit that suits them, to three digits."""
    for unit, size in (("d", 86_400e6), ("h", 3_600e6), ("min", 60e6), ("s", 1e6), ("ms", 1e3)):
        if abs(us) >= size:
            shown = us / size
            return f"{shown:,.0f} {unit}" if abs(shown) >= 100 else f"{shown:.3g} {unit}"
    return f"{us:.0f} us"
