"""Every detector, by the id of its catalog entry."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import MappingProxyType

from advisor.diagnosis.detector import Detector

ROOMS = (*(f"advisor.diagnosis.signatures.p{number}" for number in range(1, 7)), "advisor.diagnosis.weaknesses")


@cache
def detectors() -> MappingProxyType[str, Detector]:
    """Detectors by id, in the order of the rooms; two of one id are an error of ours."""
    found: dict[str, Detector] = {}
    for room in ROOMS:
        for name in import_module(room).MODULES:
            detector: Detector = import_module(f"{room}.{name}").DETECTOR
            if detector.id in found:
                raise ValueError(f"two detectors claim {detector.id}")
            found[detector.id] = detector
    return MappingProxyType(found)
