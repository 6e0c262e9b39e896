"""Holds a decision record against logs: what they show of each answer, what the record foresaw, and what to answer."""

from advisor.loop.evidence.check import RecordCheck, check_record
from advisor.loop.evidence.infer import Inferred, infer

__all__ = ["Inferred", "RecordCheck", "check_record", "infer"]
