"""Decides how an LLM agent's runtime is put together, and finds out from logs which part of it fails."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "diagnose", "explain", "judge", "recommend", "scaffold", "watch"]

if TYPE_CHECKING:
    from advisor.catalog.explain import explain
    from advisor.diagnosis.diagnose import diagnose
    from advisor.diagnosis.judge import judge
    from advisor.loop.watch import watch
    from advisor.selection import recommend
    from advisor.starter import scaffold

_HOMES = {
    "diagnose": "advisor.diagnosis.diagnose",
    "explain": "advisor.catalog.explain",
    "judge": "advisor.diagnosis.judge",
    "recommend": "advisor.selection",
    "scaffold": "advisor.starter",
    "watch": "advisor.loop.watch",
}


def __getattr__(name: str) -> Any:
    """Imports a public function at its first use, so that `import advisor` stays instant."""
    if name not in _HOMES:
        raise AttributeError(f"module 'advisor' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
