"""Every question with the probe that looks for its answer, or the reason why no log can hold it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from advisor.loop.evidence import effects, people, splitting, streams, units
from advisor.loop.evidence.observation import Probe

PROBES: tuple[Probe, ...] = (*units.PROBES, *effects.PROBES, *splitting.PROBES, *people.PROBES, *streams.PROBES)
UNLOGGED: Mapping[str, str] = MappingProxyType(
    {
        "single_owner": "who answers for the outcome is not in a log",
        "wrong_write_costly": "what a wrong write costs is not in a log",
        "consequential": "legal and financial consequences are not in a log",
        "auditors_ask": "what auditors will ask is not in a log",
    }
)
