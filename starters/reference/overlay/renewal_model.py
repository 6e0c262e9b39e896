"""A stand-in for the model: reads the facts in its prompt and answers as a fair model would, with a flaw now and then."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel

from . import telco
from .llm import Answer

T = TypeVar("T", bound=BaseModel)


def risk_percent(facts: dict[str, Any]) -> int:
    """How likely a customer is to leave, by what usually goes with leaving."""
    risk = 8 + 30 * (facts["contract"] == "Month-to-month") + 14 * (facts["internet"] == "Fiber optic")
    return int(max(1, min(95, risk - facts["tenure"] // 3 + 8 * (facts["payment"] == "Electronic check"))))


def discount_for(risk: int) -> int:
    """A usual discount for a risk."""
    return 0 if risk < 40 else 10 if risk < 48 else 15 if risk < 54 else 20


class RenewalModel:
    """Answers of the three sub-agents; one draft in thirty asks for a discount that no policy allows."""

    name = "renewal-stub:2026-05"

    def ask(self, prompt: str, answer: type[T], timeout_s: float) -> Answer[T]:
        """The answer to one prompt, a function of the prompt alone."""
        agent = prompt.partition("]")[0].removeprefix("[")
        facts = json.loads(prompt.split("\n")[1])
        risk = risk_percent(facts)
        made: dict[str, Any]
        if agent == "churn":
            made = {"risk_percent": risk}
        elif agent == "contract":
            product = telco.SUCCESSOR if facts["product_ended"] else facts["internet"]
            made = {"months": 24 if facts["contract"] == "Two year" else 12, "product": product}
        else:
            invented = telco.chance(facts["customer"], "invented discount") < 1 / 30 and "REJECTED" not in prompt
            percent = 70 if invented else discount_for(risk)
            made = {"discount_percent": percent, "message": f"Stay with us, with {percent} % off."}
        size = len(json.dumps(made)) // 4
        return Answer(answer.model_validate(made), self.name, len(prompt) // 4, size)
