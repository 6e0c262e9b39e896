"""Ninety days of renewals under a simulated clock: `python -m contract_renewal.simulate [--customers N] [--data PATH]`."""

from __future__ import annotations

import argparse
import csv
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

from . import telco
from .app import build
from .console import write
from .renewal_model import RenewalModel, discount_for, risk_percent
from .runtime.cases import Case
from .runtime.clock import SimulatedClock
from .runtime.errors import Reject
from .runtime.project import Project
from .workload import DAY_MS, START_MS, Offer, today

PATHS = ("renewed", "renewed with offer", "restructured", "churned", "escalated")


class Window:
    """All customers' windows, day by day."""

    def __init__(self, project: Project, customers: list[telco.Customer]) -> None:
        self.project, self.customers = project, {each.id: each for each in customers}
        self.merged: set[str] = set()
        self.counts: Counter[str] = Counter()

    def run(self) -> None:
        """Day -90 to day 0."""
        for customer in self.customers.values():
            payload = {"customer": customer.id, **{k: v for k, v in vars(customer).items() if k != "id"}}
            self.project.spine.open(customer.id, customer.tenant, payload)
        contacts: dict[int, list[str]] = {}
        for customer in self.customers.values():
            contacts.setdefault(telco.contact_day(customer), []).append(customer.id)
        begun: set[str] = set()
        for day in range(-90, 1):
            now = self.project.base.clock.now()
            self.project.base.clock.sleep(START_MS + (day + 90) * DAY_MS + DAY_MS // 3 - now)
            if day == telco.END_OF_LIFE_DAY:
                self._end_of_life()
            self._mergers(day)
            self._people(day)
            begun |= set(contacts.get(day, ()))
            self.project.due()
            for case_id in self.project.spine.unfinished():
                if case_id in begun:
                    self.project.flow.advance(case_id)
            self._people(day)
            self.project.base.audit.seal(100_000)

    def _end_of_life(self) -> None:
        """A product ends: an offer of it that still waits for a yes or a cap is taken back, and asked for anew."""
        flow = self.project.flow
        for case in self.project.spine.cases(1_000_000):
            if not case.final and telco.product_ends(self.customers[case.id]):
                withdrawn = Offer.withdraw(flow.context(case), Reject("product_ended", "the product ended on day -47"))
                self.counts["offers withdrawn at end of life"] += withdrawn

    def _mergers(self, day: int) -> None:
        """Accounts merge in the middle of their window; no rule covers that, so a person gets the case."""
        for customer in self.customers.values():
            if telco.merges_on(customer) != day:
                continue
            case = self.project.spine.read(customer.id)
            if case is None or case.final or case.state == "needs_person":
                continue
            base = self.project.base
            with base.db.tx():
                base.inbox.put(case.id, "account_merger", "the account is merged with another one")
                self.project.spine.move(case.id, "needs_person", {**case.result, "merger": day}, "account merger")
            self.counts["account mergers in flight"] += 1

    def _people(self, day: int) -> None:
        """Specialists answer most approvals in time and settle what lies in the inbox."""
        for row in self.project.approval.open():
            if telco.chance(row["request_id"], f"reviewer {day}") < 0.6:
                yes = telco.chance(row["request_id"], "specialist") < 0.85
                self.project.approval.decide(row["id"], "specialist", yes, "by the discount guideline")
                self.counts["approvals answered"] += 1
        for entry in self.project.base.inbox.open():
            if self.project.base.clock.now() - entry["opened"] < 2 * DAY_MS:
                continue
            case = self.project.spine.read(entry["request_id"])
            if case is not None and case.state == "needs_person":
                self.merged.add(case.id)
                self.project.flow.settle(entry["id"], "case worker", "abandon")

    def path(self, case: Case) -> str:
        """How a case ended, in the words of the business."""
        customer = self.customers[case.id]
        if case.state == "done":
            return str(case.result["close"]["path"])
        if case.state == "refused":
            # No offer was sent, so the contract went on or ended as it was.
            return "renewed" if telco.answer(customer, 0, False) else "churned"
        return "escalated"


def expected(customers: list[telco.Customer]) -> dict[str, str]:
    """The path of each customer that the data implies, without anything that a runtime adds or holds back."""
    risks = {customer.id: risk_percent(vars(customer)) for customer in customers}
    return {each.id: telco.implied(each, risks[each.id] / 100, discount_for(risks[each.id])) for each in customers}


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int)
    parser.add_argument("--data", type=Path, help="the published Telco Customer Churn table (CSV)")
    parser.add_argument("--folder", type=Path, default=Path("simulation"), help="where state, telemetry and console go")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("TELEMETRY_FILE", str(given.folder / "telemetry.jsonl"))
    os.environ.setdefault("OUTSIDE_FILE", str(given.folder / "outside.db"))
    url = os.environ.get("DATABASE_URL") or f"sqlite:///{given.folder}/state.db"
    began = time.monotonic()
    customers = telco.read(given.data, given.customers)
    project = build(url, clock=SimulatedClock(START_MS), model=RenewalModel())
    window = Window(project, customers)
    window.run()
    return report(project, window, customers, given.folder, time.monotonic() - began)


def report(project: Project, window: Window, customers: list[telco.Customer], folder: Path, seconds: float) -> int:
    """Prints the tables and writes the console."""
    cases = project.spine.cases(1_000_000)
    states = Counter(case.state for case in cases)
    paths, expectations = {case.id: window.path(case) for case in cases if case.final}, expected(customers)
    _write_outcomes(folder / "outcomes.csv", paths, expectations)
    found, implied = Counter(paths.values()), Counter(expectations.values())
    total = max(len(customers), 1)
    print(f"{len(customers)} customers, day -90 to {today(project.base.clock)}, {seconds:.0f} s\n")
    print(f"{'path':20}{'customers':>10}{'share':>8}{'data implies':>14}{'share':>8}")
    for path in PATHS:
        row = (found[path], found[path] / total, implied[path], implied[path] / total)
        print(f"{path:20}{row[0]:>10}{row[1]:>8.1%}{row[2]:>14}{row[3]:>8.1%}")
    print("\nby state: " + ", ".join(f"{name} {count}" for name, count in sorted(states.items())))
    db = project.base.db
    for name, sql in _FIGURES:
        window.counts[name] += (db.row(sql) or {"n": 0})["n"]
    for name, count in sorted(window.counts.items()):
        print(f"{count:>7} {name}")
    project.base.audit.seal(1_000_000)
    chain = project.base.audit.verify()
    print(f"\naudit chain {'unbroken' if chain.unbroken else 'BROKEN'}: {chain.sealed} rows, head {chain.head[:16]}")
    print(f"console: {write(project, folder / 'console')}; each customer's path: {folder / 'outcomes.csv'}")
    unfinished = [case.id for case in cases if not case.final]
    if unfinished:
        print(f"unfinished: {len(unfinished)}, for example {unfinished[:3]}")
    project.close()
    return 0 if chain.unbroken and not unfinished and sum(found.values()) == len(customers) else 1


def _write_outcomes(path: Path, found: dict[str, str], implied: dict[str, str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("customer", "path", "data_implies"))
        rows.writerows((customer, found.get(customer, "unfinished"), implied[customer]) for customer in implied)


_FIGURES: tuple[tuple[str, Any], ...] = (
    (
        "offers replaced because the product ended before the answer",
        "SELECT count(*) AS n FROM proposal WHERE seam = 'replace' AND state = 'committed'",
    ),
    ("proposals refused by the gate", "SELECT count(*) AS n FROM proposal WHERE code = 'never-over-30'"),
    ("approvals that timed out", "SELECT count(*) AS n FROM approval WHERE state = 'timed_out'"),
    ("times a case waited for a cap", "SELECT count(*) AS n FROM transition WHERE to_state = 'throttled'"),
    ("sagas compensated", "SELECT count(*) AS n FROM saga WHERE state = 'compensated'"),
)


if __name__ == "__main__":
    raise SystemExit(main())
