"""Section 5.4 on a table of outcomes: functional, replay divergence, variance, and how sure that is."""

from advisor.diagnosis.judge.judgement import Judgement, judge

__all__ = ["Judgement", "judge"]
