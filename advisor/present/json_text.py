"""A value as JSON that is safe to print."""

from __future__ import annotations

import json
import re
from typing import Any

# What a terminal obeys and JSON leaves as it is: C1 controls, and changes of direction.
_OBEYED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def json_text(value: Any) -> str:
    """Indented JSON; what a terminal would obey is written as escapes, which say the same to a parser."""
    # It can only stand in strings.
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"
