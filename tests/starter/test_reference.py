"""The reference application: a slice of the customers in every run, the published table in the slow target."""

from __future__ import annotations

import csv
import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from starters.reference.__main__ import fill_in
from starters.reference.overlay import telco
from tests.starter.combinations import in_project


def simulate(folder: Path, *arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "TELEMETRY_FILE")}
    done = subprocess.run(
        [sys.executable, "-m", "starters.reference", str(folder), *arguments],
        env=kept, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def shares(text: str) -> dict[str, tuple[float, float]]:
    rows = re.findall(r"^([a-z ]+?) +\d+ +([\d.]+)% +\d+ +([\d.]+)%$", text, re.M)
    return {name: (float(found), float(implied)) for name, found, implied in rows}


def figure(text: str, name: str) -> int:
    found = re.search(rf"^ +(\d+) {name}$", text, re.M)
    assert found, name
    return int(found[1])


def ended_unanswered(customer: telco.Customer) -> bool:
    sent_on = telco.contact_day(customer)
    return telco.product_ends(customer) and sent_on < telco.END_OF_LIFE_DAY <= telco.answered_on(customer, sent_on)


def merged(customer: telco.Customer) -> bool:
    day = telco.merges_on(customer)
    return day is not None and day < telco.answered_on(customer, telco.contact_day(customer))


def crowded(customer: telco.Customer) -> bool:
    """Contacted in the two days before the product ends, more of one tenant than its cap lets through (see `run`)."""
    return customer.tenant == "electronic" and 1 <= telco.END_OF_LIFE_DAY - telco.contact_day(customer) <= 2


@dataclass(frozen=True)
class Run:
    """One walk of chosen customers of the shipped sample."""

    text: str
    folder: Path
    customers: dict[str, telco.Customer]
    paths: dict[str, str]
    implied: dict[str, str]

    def sent(self, customer: str) -> list[str]:
        """The products whose offers the customer was sent, in order."""
        with closing(sqlite3.connect(self.folder / "state.db")) as state:
            sql = "SELECT content FROM proposal WHERE request_id = ? AND seam <> 'close' AND state = 'committed'"
            return [json.loads(row[0])["product"] for row in state.execute(f"{sql} ORDER BY at", (customer,))]

    def happened(self, tool: str) -> dict[str, dict[str, Any]]:
        """What a tool was called with, by customer."""
        with closing(sqlite3.connect(self.folder / "outside.db")) as outside:
            calls = outside.execute("SELECT args FROM effect WHERE tool = ?", (tool,)).fetchall()
        found = [json.loads(args) for (args,) in calls]
        assert len({each["customer"] for each in found}) == len(found)
        return {each["customer"]: each for each in found}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The first twenty customers, and those of the sample to whom something happens in the middle."""
    folder, rows = tmp_path_factory.mktemp("reference"), telco.sample(7043)
    everyone = telco.read(None, None)
    chosen = {each.id for each in everyone[:20]}
    for happens, many in ((ended_unanswered, 5), (merged, 8), (crowded, 25)):
        chosen |= {each.id for each in list(filter(happens, everyone))[:many]}
    data = folder / "customers.csv"
    with data.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, telco.COLUMNS)
        table.writeheader()
        table.writerows(row for row in rows if row["customerID"] in chosen)
    fill_in(folder / "x")
    place = folder / "x" / "simulation"
    place.mkdir()
    # An operator lets the largest tenant have five offers a day.
    throttle = ("throttle", "electronic", "--cap", "offers", "--per-day", "5")
    url = f"sqlite:///{place / 'state.db'}"
    done = in_project(folder / "x", "-m", "contract_renewal", *throttle, DATABASE_URL=url)
    assert done.returncode == 0 and "of 5" in done.stdout, done.stderr
    done = in_project(folder / "x", "-m", "contract_renewal.simulate", "--data", str(data))
    assert done.returncode == 0, done.stdout + done.stderr
    text = done.stdout
    with (place / "outcomes.csv").open(encoding="utf-8", newline="") as file:
        outcomes = list(csv.DictReader(file))
    return Run(
        text,
        place,
        {each.id: each for each in everyone if each.id in chosen},
        {row["customer"]: row["path"] for row in outcomes},
        {row["customer"]: row["data_implies"] for row in outcomes},
    )


def test_a_slice_of_customers_walks_through_ninety_days(run: Run) -> None:
    found = shares(run.text)
    assert set(found) == {"renewed", "renewed with offer", "restructured", "churned", "escalated"}
    assert abs(sum(share for share, _ in found.values()) - 100) < 0.5
    assert len(run.paths) == len(run.customers) and "unfinished" not in run.paths.values()
    assert "audit chain unbroken" in run.text
    assert (run.folder / "console" / "index.html").exists()


def test_an_offer_whose_product_ends_before_the_answer_is_replaced_by_one_of_the_successor(run: Run) -> None:
    replaced = {
        name: each
        for name, each in run.customers.items()
        if ended_unanswered(each) and not crowded(each) and not merged(each) and run.paths[name] != "escalated"
    }
    assert len(replaced) > 2
    assert figure(run.text, "offers replaced because the product ended before the answer") >= len(replaced)
    signed = run.happened("contract.sign")
    for name, customer in replaced.items():
        assert run.sent(name) == [customer.internet, telco.SUCCESSOR]
        assert run.paths[name] in ("restructured", "churned")
        assert (run.paths[name] == "restructured") == (signed.get(name, {}).get("product") == telco.SUCCESSOR)
    assert "restructured" in {run.paths[name] for name in replaced}


def test_an_offer_that_was_held_back_is_withdrawn_when_its_product_ends(run: Run) -> None:
    assert figure(run.text, "times a case waited for a cap") > 0
    with closing(sqlite3.connect(run.folder / "state.db")) as state:
        sql = "SELECT request_id FROM proposal WHERE seam = 'offer' AND code = 'product_ended'"
        withdrawn = [row[0] for row in state.execute(sql)]
    assert figure(run.text, "offers withdrawn at end of life") == len(withdrawn) > 0
    for name in withdrawn:
        assert telco.product_ends(run.customers[name])
        assert run.sent(name) == [telco.SUCCESSOR]
        assert run.paths[name] in ("restructured", "churned")


def test_accounts_that_merge_in_the_middle_are_a_persons_and_nothing_is_signed(run: Run) -> None:
    merging = {name: each for name, each in run.customers.items() if merged(each)}
    assert figure(run.text, "account mergers in flight") >= len(merging) > 5
    offered = [name for name in merging if run.sent(name)]
    assert offered and len(offered) < len(merging), "before the first contact, and after an offer"
    assert {run.paths[name] for name in merging} == {run.implied[name] for name in merging} == {"escalated"}
    assert not set(merging) & set(run.happened("contract.sign"))
    with closing(sqlite3.connect(run.folder / "state.db")) as state:
        sql = "SELECT request_id, answer FROM inbox WHERE code = 'account_merger'"
        settled = dict(state.execute(sql).fetchall())
    assert merging.keys() <= settled.keys() and set(settled.values()) == {"abandon"}


@pytest.mark.slow
def test_the_same_customers_end_alike_each_time(tmp_path: Path) -> None:
    one, two = (shares(simulate(tmp_path / name, "--customers", "25")) for name in ("one", "two"))
    assert one == two


@pytest.mark.slow
def test_every_customer_ends_close_to_what_the_data_implies(tmp_path: Path) -> None:
    """Set TELCO_CSV to the published table; without it the generated sample of the same size walks."""
    path = os.environ.get("TELCO_CSV")
    text = simulate(tmp_path / "x", *(["--data", path] if path else []))
    found = shares(text)
    assert text.startswith("7043 customers") or path
    assert all(abs(share - implied) < 5 for share, implied in found.values()), found
    for name in ("offers replaced because the product ended before the answer", "account mergers in flight",
                 "offers withdrawn at end of life", "times a case waited for a cap", "approvals that timed out",
                 "proposals refused by the gate", "sagas compensated"):  # fmt: skip
        assert figure(text, name) > 0, name
    assert "audit chain unbroken" in text and "unfinished" not in text
