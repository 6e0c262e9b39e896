"""The customers and the world around them: who they are, what happens to them in ninety days, and what they answer.

Nothing here belongs to the agent. Chance is a hash of the customer's id, so every run of the simulation is the same.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

COLUMNS = (
    "customerID gender SeniorCitizen Partner Dependents tenure PhoneService MultipleLines InternetService OnlineSecurity"
    " OnlineBackup DeviceProtection TechSupport StreamingTV StreamingMovies Contract PaperlessBilling PaymentMethod"
    " MonthlyCharges TotalCharges Churn"
).split()
END_OF_LIFE_DAY = -47
SUCCESSOR = "Cable"
"""What is sold in place of the product that ends."""


@dataclass(frozen=True)
class Customer:
    """One line of the table."""

    id: str
    tenure: int
    internet: str
    contract: str
    payment: str
    monthly_cents: int
    churns: bool

    @property
    def tenant(self) -> str:
        """Whose customer it is: here the four ways of paying stand for four tenants."""
        return self.payment.split()[0].lower()


def chance(customer_id: str, what: str) -> float:
    """A number from 0 to 1 that belongs to a customer and a question."""
    value = hashlib.sha256(f"{customer_id}/{what}".encode()).digest()
    return int.from_bytes(value[:8], "big") / 2**64


def read(path: Path | None, limit: int | None) -> list[Customer]:
    """The customers of a file, or of the generated sample."""
    rows = sample(7043) if path is None else list(csv.DictReader(path.open(encoding="utf-8-sig", newline="")))
    return [_customer(row) for row in rows[:limit]]


def _customer(row: dict[str, str]) -> Customer:
    return Customer(
        id=row["customerID"],
        tenure=int(row["tenure"] or 0),
        internet=row["InternetService"],
        contract=row["Contract"],
        payment=row["PaymentMethod"],
        monthly_cents=round(float(row["MonthlyCharges"] or 0) * 100),
        churns=row["Churn"] == "Yes",
    )


def sample(size: int) -> list[dict[str, str]]:
    """A table with the real one's columns and nobody's data: drawn from hashes, with plausible dependencies."""
    rows = []
    for number in range(size):
        name = f"S{number:05d}"

        def pick(what: str, *options: tuple[float, str], name: str = name) -> str:
            left = chance(name, what)
            for share, option in options:
                left -= share
                if left < 0:
                    return option
            return options[-1][1]

        contract = pick("contract", (0.55, "Month-to-month"), (0.21, "One year"), (0.24, "Two year"))
        internet = pick("internet", (0.34, "DSL"), (0.44, "Fiber optic"), (0.22, "No"))
        tenure = int(72 * chance(name, "tenure") ** (2 if contract == "Month-to-month" else 0.6)) + 1
        monthly = {"DSL": 45, "Fiber optic": 75, "No": 19}[internet] + 42 * chance(name, "monthly")
        risk = 0.02 + 0.33 * (contract == "Month-to-month") + 0.13 * (internet == "Fiber optic") - tenure / 400
        values = {
            "customerID": name,
            "gender": pick("gender", (0.5, "Female"), (0.5, "Male")),
            "SeniorCitizen": pick("senior", (0.16, "1"), (0.84, "0")),
            "tenure": str(tenure),
            "InternetService": internet,
            "Contract": contract,
            "PaymentMethod": pick("payment", (0.34, "Electronic check"), (0.23, "Mailed check"),
                                  (0.22, "Bank transfer (automatic)"), (0.21, "Credit card (automatic)")),
            "MonthlyCharges": f"{monthly:.2f}",
            "TotalCharges": f"{monthly * tenure:.2f}",
            "Churn": "Yes" if chance(name, "churn") < risk else "No",
        }  # fmt: skip
        rows.append({column: values.get(column, pick(column, (0.5, "Yes"), (0.5, "No"))) for column in COLUMNS})
    return rows


def contact_day(customer: Customer) -> int:
    """When the agent turns to a customer: late payers and monthly contracts later, as the marketing plan has it."""
    return -88 + int(70 * chance(customer.id, "contact"))


def product_ends(customer: Customer) -> bool:
    """Whether the customer's product is withdrawn on `END_OF_LIFE_DAY`."""
    return customer.internet != "No" and chance(customer.id, "old modem") < 0.2


def merges_on(customer: Customer) -> int | None:
    """The day on which the account is merged with another, for one in fifty."""
    return -70 + int(50 * chance(customer.id, "merger day")) if chance(customer.id, "merger") < 0.02 else None


def answer(customer: Customer, discount_percent: int, restructured: bool) -> bool:
    """Whether the customer stays. Who would leave anyway is held by an offer in some cases, the better the more."""
    if not customer.churns:
        return True
    pull = 0.02 * discount_percent + (0.15 if restructured else 0)
    return chance(customer.id, "held") < min(pull, 0.6)


def answer_after_days(customer: Customer) -> int:
    """How long the customer thinks."""
    return 2 + int(14 * chance(customer.id, "thinks"))


def answered_on(customer: Customer, sent_on: int) -> int:
    """The day of the customer's answer to an offer."""
    return min(sent_on + answer_after_days(customer), -1)


def implied(customer: Customer, risk: float, discount: int) -> str:
    """The path by the data alone: no caps, no reviewers who are away, no model that makes things up."""
    sent_on, merger = contact_day(customer), merges_on(customer)
    restructured = product_ends(customer) and answered_on(customer, sent_on) >= END_OF_LIFE_DAY
    if restructured:
        sent_on = max(sent_on, END_OF_LIFE_DAY)
    if merger is not None and merger <= answered_on(customer, sent_on):
        return "escalated"
    offered = discount if risk >= 0.4 else 0
    if not answer(customer, offered, restructured):
        return "churned"
    return "restructured" if restructured else "renewed with offer" if offered else "renewed"
