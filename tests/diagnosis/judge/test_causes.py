"""The cause of one error text, as the replay asks for it: the same that the judge reads from a table."""

from __future__ import annotations

import pytest

from advisor.diagnosis.judge.causes import is_infrastructure, is_unknown_model, kind_of
from tests.diagnosis.judge.test_judge import INFRASTRUCTURE, OWN, _kind


@pytest.mark.parametrize("text", ["", *INFRASTRUCTURE, *OWN])
def test_one_text_has_the_cause_that_a_table_gives_it(text: str) -> None:
    assert kind_of(text) == _kind(text)
    assert is_infrastructure(text) == (text in INFRASTRUCTURE)
    assert is_unknown_model(text) == (text in ("Unknown model: foo-1", "invalid model id"))
