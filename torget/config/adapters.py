"""Which channel adapters there are, and what each brings; found without importing them, so that settings may ask."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def ours() -> list[str]:
    """Every folder in `torget/adapters`, as dotted paths."""
    home = Path(__file__).resolve().parents[1] / "adapters"
    return sorted(
        f"torget.adapters.{package.parent.name}" for package in home.glob("*/__init__.py")
    )


def has(path: str, module: str) -> bool:
    """Whether the adapter's package has this module or package ("models", "urls")."""
    spec = find_spec(path)
    places = spec.submodule_search_locations if spec else None
    return any(
        (Path(place) / name).exists()
        for place in places or ()
        for name in (f"{module}.py", f"{module}/__init__.py")
    )
