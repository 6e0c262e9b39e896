"""Events that are queried where they are stored, by engines that outgrow one machine."""

from __future__ import annotations

from advisor.traces.warehouses.opening import open_spark, open_url
from advisor.traces.warehouses.warehouse import Warehouse

__all__ = ["Warehouse", "open_spark", "open_url"]
