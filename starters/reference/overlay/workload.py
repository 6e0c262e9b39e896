"""The renewal of one contract: what is proposed, what is checked, what is written to billing.

Three seams. `offer` splits the work between three sub-agents (churn, offer, contract) and sends what the gate lets
through. `replace` does the same anew for an offer whose product ended before the customer had answered it. `close` waits
for the answer and carries it out under a saga.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field

from . import outside, telco
from .llm import Answer
from .runtime.boundary import Boundary, Context, boundary
from .runtime.clock import Clock
from .runtime.errors import Interrupted, Reject
from .runtime.p1_delegation import Call, Contract, delegate, merge_fields
from .runtime.p2_saga import Step, run_saga

DAY_MS = 86_400_000
START_MS = 1_767_225_600_000
DEADLINE_MS = 60_000
STUCK_AFTER_MS = 75 * DAY_MS
ESCALATION_SLA_MS = 3 * DAY_MS
APPROVAL_SLA_MS = 2 * DAY_MS
CAPS: dict[str, tuple[int | None, int | None]] = {"offers": (None, 30), "discount_cents": (None, 60_000)}
T = TypeVar("T", bound=BaseModel)


def today(clock: Clock) -> int:
    """The day of the window, from -90 to 0."""
    return (clock.now() - START_MS) // DAY_MS - 90


class Request(BaseModel):
    """One customer whose contract ends at day 0."""

    customer: str
    tenure: int
    internet: str
    contract: str
    payment: str
    monthly_cents: int = Field(ge=0)
    churns: bool = Field(description="what the data says; the agent never reads it, the world does")

    def as_customer(self) -> telco.Customer:
        """The customer as the world knows them."""
        return telco.Customer(self.customer, self.tenure, self.internet, self.contract, self.payment,
                              self.monthly_cents, self.churns)  # fmt: skip


class Churn(BaseModel):
    """What the sub-agent `churn` answers."""

    risk_percent: int = Field(ge=0, le=100)


class Draft(BaseModel):
    """What the sub-agent `offer` answers."""

    discount_percent: int = Field(ge=0, le=100)
    message: str


class Terms(BaseModel):
    """What the sub-agent `contract` answers."""

    months: int
    product: str


class Plan(BaseModel):
    """The merged proposal."""

    customer: str
    kind: Literal["renew", "offer", "restructure"]
    risk_percent: int = Field(ge=0, le=100)
    discount_percent: int = Field(ge=0, le=100)
    months: int
    product: str
    message: str
    monthly_cents: int = Field(ge=0)


class Closing(BaseModel):
    """What follows from the customer's answer. No model is asked: the answer is a fact."""

    stays: bool
    path: str
    monthly_cents: int
    plan: Plan


class AwaitsCustomer(Interrupted):
    """The customer has not answered yet."""

    state = "waiting"


def product_ended(request: Request, day: int) -> bool:
    """Whether the product that the customer has is no longer sold on that day."""
    return telco.product_ends(request.as_customer()) and day >= telco.END_OF_LIFE_DAY


def prompt(agent: str, request: Request, day: int, rejects: tuple[Reject, ...] = ()) -> str:
    """What a sub-agent is asked: the facts as they are today, and every reject as a reject."""
    facts = {**request.model_dump(exclude={"churns"}), "product_ended": product_ended(request, day)}
    said = "".join(f"\nREJECTED ({each.code}): {each.reason}" for each in rejects)
    return f"[{agent}] Contract renewal.\n{json.dumps(facts, sort_keys=True)}{said}"


OWNERS = {
    "risk_percent": ("churn",),
    "discount_percent": ("offer",),
    "message": ("offer",),
    "months": ("contract",),
    "product": ("contract",),
}


def _costs(plan: Plan) -> dict[str, int]:
    return {"offers": 1, "discount_cents": plan.monthly_cents * plan.discount_percent // 100}


def _args(about: dict[str, Any]) -> dict[str, Any]:
    return {name: about[name] for name in ("customer", "product", "months", "discount_percent")}


def _steps(clean_sign: bool) -> tuple[Step, ...]:
    sign = outside.tool("contract.sign") if clean_sign else outside.refusing("contract.sign")
    return (
        Step("reserve", outside.tool("price.reserve"), outside.tool("price.release"), _args),
        Step("billing", outside.tool("billing.change"), outside.tool("billing.restore"), _args),
        Step("sign", sign, None, _args),
    )


SEND = outside.tool("mail.offer")
LAPSE = outside.tool("crm.lapse")


class Offering:
    """From the facts to an offer that is sent."""

    def propose(self, context: Context, rejects: tuple[Reject, ...]) -> Answer[Plan]:
        """Three sub-agents, one deadline, one budget, a merge in code."""
        request = Request.model_validate(context.case.payload)
        day = today(context.kernel.clock)

        def agent(name: str, answer: type[T], rejected: tuple[Reject, ...] = ()) -> Contract:
            def run(call: Call) -> Answer[Any]:
                return call.ask(prompt(name, request, day, rejected), answer)

            return Contract(name, run, answer)

        agents = [agent("churn", Churn), agent("offer", Draft, rejects), agent("contract", Terms)]
        parts = delegate(agents, case=context.case, model=context.model, deadline=context.deadline)
        merged = merge_fields(parts, OWNERS)
        kind = (
            "restructure"
            if merged["product"] != request.internet
            else "offer"
            if merged["discount_percent"]
            else "renew"
        )
        plan = Plan(customer=request.customer, kind=kind, monthly_cents=request.monthly_cents, **merged)
        return Answer(plan, parts["offer"].model or context.model.name)

    def verify(self, context: Context, proposal: Plan) -> Reject | None:
        """What the policy file cannot know: the product has to exist on the day of the offer."""
        request = Request.model_validate(context.case.payload)
        if product_ended(request, today(context.kernel.clock)) and proposal.product == request.internet:
            return Reject("product_ended", f"{proposal.product} is no longer sold")
        return None

    def commit(self, context: Context, proposal: Plan) -> dict[str, Any]:
        """Sends the offer."""
        context.effect(SEND, {"customer": proposal.customer, "message": proposal.message})
        return {"plan": proposal.model_dump(), "sent_on": today(context.kernel.clock)}

    def reject(self, context: Context, rejects: tuple[Reject, ...]) -> dict[str, Any]:
        """No offer is sent; the contract goes on or ends as it is."""
        return {"offer": None, "because": [each.code for each in rejects]}


def _ended_unanswered(context: Context) -> bool:
    """Whether the product of the offer that was sent ended before the customer had answered."""
    request = Request.model_validate(context.case.payload)
    sent = context.before["offer"]
    answered_on = telco.answered_on(request.as_customer(), sent["sent_on"])
    return (
        product_ended(request, today(context.kernel.clock))
        and sent["plan"]["product"] == request.internet
        and answered_on >= telco.END_OF_LIFE_DAY
    )


def _offering(name: str, when: Callable[[Context], bool] | None = None) -> Boundary[Plan]:
    made = boundary(name, proposal=Plan, action="send_offer", prompt_version="2026-05", costs=_costs, when=when)
    return made(Offering)


Offer, Replace = _offering("offer"), _offering("replace", when=_ended_unanswered)


def _sent(context: Context) -> dict[str, Any]:
    """The offer that counts: the last one that was sent."""
    sent: dict[str, Any] = context.before["replace"] or context.before["offer"]
    return sent


@boundary("close", proposal=Closing, action="close_window")
class Close:
    """From the customer's answer to billing."""

    def propose(self, context: Context, rejects: tuple[Reject, ...]) -> Closing:
        """Waits for the answer."""
        sent = _sent(context)
        plan = Plan.model_validate(sent["plan"])
        customer = Request.model_validate(context.case.payload).as_customer()
        due = telco.answered_on(customer, sent["sent_on"])
        if today(context.kernel.clock) < due:
            raise AwaitsCustomer(f"{plan.customer} has until day {due}")
        stays = telco.answer(customer, plan.discount_percent, plan.kind == "restructure")
        paths = {"renew": "renewed", "offer": "renewed with offer", "restructure": "restructured"}
        return Closing(
            stays=stays, path=paths[plan.kind] if stays else "churned", plan=plan, monthly_cents=plan.monthly_cents
        )

    def verify(self, context: Context, proposal: Closing) -> Reject | None:
        """The plan has to be the one that was sent."""
        sent = _sent(context)["plan"]
        return None if proposal.plan.model_dump() == sent else Reject("other_plan", "this is not what was offered")

    def commit(self, context: Context, proposal: Closing) -> dict[str, Any]:
        """Writes to billing under a saga, or lets the contract lapse."""
        if not proposal.stays:
            context.effect(LAPSE, {"customer": proposal.plan.customer})
        else:
            # One signature in two hundred fails at the notary; then billing is put back.
            clean = telco.chance(proposal.plan.customer, "signature") >= 0.005
            run_saga(context, _steps(clean), proposal.plan.model_dump())
        return {"path": proposal.path}

    def reject(self, context: Context, rejects: tuple[Reject, ...]) -> dict[str, Any]:
        """The window closes without a contract."""
        return {"because": [each.code for each in rejects]}


SEAMS: tuple[Any, ...] = (Offer, Replace, Close)
