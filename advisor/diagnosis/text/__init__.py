"""Maps prose reports to candidates: the pattern, signature and boundary part that a report speaks of."""

from advisor.diagnosis.text.report import Candidate, Match, match

__all__ = ["Candidate", "Match", "match"]
