"""Reliability over time: its slope (mu), version steps, change points, and the noise of repeated trials (sigma)."""

from advisor.diagnosis.reliability.trend import Reliability, reliability

__all__ = ["Reliability", "reliability"]
