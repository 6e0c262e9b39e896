"""Measures how well prose reports are matched to the catalog, beside baselines that know nothing of the method.

    python benchmarks/text_matching.py --corpus incidents.json [--cues-at COMMIT | --write-weights]

The corpus is a JSON list of labelled reports: `id`, `title`, `evidence` (a list), `family` (reports of one cause; null:
its own), and `labels` with `pattern`, `pattern_alternatives` and `signature` (1 to 12 or null). It is not part of this
project. A pattern is right if it is the label or one of its alternatives. `--cues-at` scores the concepts and rules as
they stood at a commit, with today's code: so the figures of rules frozen before a half was read can be had again.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from advisor.catalog.load import shipped
from advisor.diagnosis.text import concepts, match, rules
from advisor.diagnosis.text.report import Match, decide, points
from advisor.diagnosis.text.weights import Weight, features

CUES = "advisor/diagnosis/text/cues"
OUTSIDE = {"outside: infrastructure": "infrastructure", "out of scope: inside LLM": "inside-model"}
TWELVE = tuple(name for name, each in shipped().signatures.items() if each.status == "current")
FOLDS = 10
HELD_BACK = 0.03  # the C of scikit-learn; figures hardly change from 0.01 to 0.1
# Reports that had been read before the halves were drawn; they belong to the half that the rules were written from.
READ_BEFORE = ("claude-code-82104", "kilocode-11758")


@dataclass(frozen=True)
class Report:
    """One labelled report."""

    id: str
    title: str
    text: str
    told: str
    family: str
    label: str
    right: frozenset[str]
    signature: int | None

    @property
    def outside(self) -> bool:
        """Whether the label lies outside the runtime."""
        return self.label in OUTSIDE.values()


def read(path: Path) -> list[Report]:
    return [_report(row) for row in json.loads(path.read_text(encoding="utf-8"))]


def _report(row: dict[str, Any]) -> Report:
    labels = row["labels"]
    names = [_name(each) for each in (labels["pattern"], *labels["pattern_alternatives"])]
    return Report(
        id=row["id"],
        title=row["title"],
        text="\n".join(row["evidence"]),
        told=row.get("description") or "",
        family=row.get("family") or row["id"],
        label=names[0],
        right=frozenset(names),
        signature=labels["signature"],
    )


def _name(label: str) -> str:
    return "SDB" if label == "SDB-only" else OUTSIDE.get(label, label)


def halves(reports: Sequence[Report]) -> tuple[list[Report], list[Report]]:
    """The half that the rules were written from, and the other; drawn by a hash of the family."""
    first = _first(reports, "half", lambda family: False)
    first |= {each.family for each in reports if each.id in READ_BEFORE}
    return [r for r in reports if r.family in first], [r for r in reports if r.family not in first]


def quarters(half: Sequence[Report]) -> tuple[list[Report], list[Report]]:
    """The second half once more in two, every other family, with the reports out of scope spread over both."""
    outside = {each.family for each in half if each.outside}
    ranked = sorted({each.family for each in half}, key=lambda name: (name in outside, _hash("quarter", name)))
    third = set(ranked[::2])
    return [r for r in half if r.family in third], [r for r in half if r.family not in third]


def _first(reports: Sequence[Report], salt: str, late: Callable[[str], bool]) -> set[str]:
    ranked = sorted({each.family for each in reports}, key=lambda name: (late(name), _hash(salt, name)))
    return set(ranked[: len(ranked) // 2])


def _hash(salt: str, family: str) -> str:
    return hashlib.sha256((salt + family).encode()).hexdigest()


def answer(found: Match) -> str:
    return found.scope if found.abstained else found.candidates[0].pattern


def rules_alone(reports: Sequence[Report]) -> list[str]:
    none = (0.0,) * len(rules.ROOMS)
    level = {room: Weight(0.0, none, none) for room in rules.ROOMS}
    return [answer(decide(points(each.text, each.title), level)) for each in reports]


def fit(reports: Sequence[Report]) -> dict[str, Weight]:
    """Weights by logistic regression over each class's best entry and its sum."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=HELD_BACK, max_iter=5000, class_weight="balanced")
    rows = [[x for part in features(points(each.text, each.title)) for x in part] for each in reports]
    model.fit(rows, [each.label for each in reports])
    found = {}
    for room, start, row in zip(model.classes_, model.intercept_, model.coef_, strict=True):
        numbers = [round(float(x), 4) for x in row]
        half = len(numbers) // 2
        found[str(room)] = Weight(round(float(start), 4), tuple(numbers[:half]), tuple(numbers[half:]))
    unseen = Weight(-3.0, (0.0,) * len(rules.ROOMS), (0.0,) * len(rules.ROOMS))
    return {room: found.get(room, unseen) for room in rules.ROOMS}


def weighted(train: Sequence[Report], test: Sequence[Report]) -> list[str]:
    weights = fit(train)
    return [answer(decide(points(each.text, each.title), weights)) for each in test]


def retold(train: Sequence[Report], test: Sequence[Report]) -> list[str]:
    weights = fit(train)
    return [answer(decide(points(each.told), weights)) for each in test]


def write_weights(reports: Sequence[Report]) -> None:
    print("# Learnt weights; see weights.py. Order of the numbers: " + ", ".join(rules.ROOMS) + ".")
    print(f"# Fitted on {len(reports)} labelled public reports, L2-regularised logistic regression, C = {HELD_BACK}.")
    for room, weight in fit(reports).items():
        print(f"\n[{room}]\nstart = {weight.start}\nbest = {list(weight.best)}\ntotal = {list(weight.total)}")


def share(hits: Sequence[bool]) -> str:
    """A share with its 95 % Wilson interval."""
    if not hits:
        return "-"
    n, z = len(hits), 1.96
    p = sum(hits) / n
    middle, spread = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    low, high = ((middle + sign * spread) / (1 + z * z / n) for sign in (-1, 1))
    return f"{p:.3f} ({sum(hits):3}/{n:3}; {low:.2f} to {high:.2f})"


def line(name: str, reports: Sequence[Report], answers: Sequence[str]) -> None:
    pairs = list(zip(reports, answers, strict=True))
    inside = [answer in each.right for each, answer in pairs if not each.outside]
    outside = [answer in OUTSIDE.values() for each, answer in pairs if each.outside]
    undecided = Counter(answers)["undecided"]
    print(f"{name:54} {share(inside):30} {share(outside):30} {undecided:9}")


def signatures(name: str, reports: Sequence[Report]) -> None:
    known = [each for each in reports if each.signature]
    found = [[c.signature for c in match(each.text, each.title).candidates] for each in known]
    wanted = [BY_NUMBER[each.signature or 0] for each in known]
    one = [want == (got[:1] or [None])[0] for want, got in zip(wanted, found, strict=True)]
    three = [want in got[:3] for want, got in zip(wanted, found, strict=True)]
    print(f"{name:54} first {share(one)}   among three {share(three)}")


BY_NUMBER = {int(shipped().signatures[name].number.split()[0]): name for name in TWELVE}


def majority(train: Sequence[Report], test: Sequence[Report]) -> list[str]:
    [(most, _)] = Counter(each.label for each in train).most_common(1)
    return [most] * len(test)


def tfidf(train: Sequence[Report], test: Sequence[Report]) -> list[str]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, stop_words="english")
    model = make_pipeline(words, LogisticRegression(C=10, max_iter=5000))
    model.fit([f"{each.title}\n{each.text}" for each in train], [each.label for each in train])
    return [str(each) for each in model.predict([f"{each.title}\n{each.text}" for each in test])]


def folded(reports: Sequence[Report], way: Callable[[Sequence[Report], Sequence[Report]], list[str]]) -> list[str]:
    """Each report answered by a model that saw no report of its family: grouped cross-validation, largest first."""
    sizes = Counter(each.family for each in reports)
    folds: list[set[str]] = [set() for _ in range(FOLDS)]
    weight = [0] * FOLDS
    for family, size in sorted(sizes.items(), key=lambda item: (-item[1], _hash("fold", item[0]))):
        least = weight.index(min(weight))
        folds[least].add(family)
        weight[least] += size
    answers = {}
    for fold in folds:
        train = [each for each in reports if each.family not in fold]
        test = [each for each in reports if each.family in fold]
        answers |= dict(zip((each.id for each in test), way(train, test), strict=True))
    return [answers[each.id] for each in reports]


def use_cues_of(commit: str) -> None:
    """Puts the cues of a commit in the place of today's; keys that are no rules are left out."""
    root = Path(__file__).resolve().parent.parent
    packed = subprocess.run(["git", "archive", commit, CUES], cwd=root, check=True, capture_output=True).stdout
    there = Path(tempfile.mkdtemp(prefix="cues-"))
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(there, filter="data")
    for path in (there / CUES).glob("*.toml"):
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join(x for x in lines if not x.startswith("sdb_part")), encoding="utf-8")
    concepts.CUES = rules.CUES = there / CUES


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--cues-at", metavar="COMMIT")
    parser.add_argument("--write-weights", action="store_true")
    given = parser.parse_args()
    if given.corpus is None:
        print("not run: it needs a labelled corpus; give --corpus PATH")
        return
    if given.cues_at:
        use_cues_of(given.cues_at)
    reports = read(given.corpus)
    first, second = halves(reports)
    third, fourth = quarters(second)
    if given.write_weights:
        write_weights(reports)
        return
    print(f"{len(reports)} reports, {len({each.family for each in reports})} families\n")
    print(f"{'':54} {'pattern right, in scope':30} {'out of scope recognised':30} undecided")
    line("rules alone, every report", reports, rules_alone(reports))
    line("rules alone, second half", second, rules_alone(second))
    line("rules alone, fourth quarter", fourth, rules_alone(fourth))
    for label, way in (
        ("rules and weights", weighted),
        ("retold by the labeller, no title", retold),
        ("TF-IDF + logistic regression", tfidf),
        ("majority", majority),
    ):
        try:
            line(f"{label}, grouped folds", reports, folded(reports, way))
            line(f"{label}, first half to second", second, way(first, second))
        except ImportError:
            print(f"{label}: not run, scikit-learn is not installed")
    line("rules and weights, three quarters to fourth", fourth, weighted([*first, *third], fourth))
    print()
    for name, part in (("signature of the twelve, every report", reports), ("the same, second half", second)):
        signatures(name, part)


if __name__ == "__main__":
    main()
