"""Builds the layer with the packages that only sign-in needs, for an app whose settings ask for it.

They are larger than all else that Petri brings, so an app without these settings gets none of them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from infra.packaging.pins import pins
from infra.packaging.requirements import REQUIREMENTS, SIGN_IN_PACKAGES
from infra.packaging.sizes import MOST_UNPACKED, Sizes, sizes_of
from infra.problems import OperatorProblem

from .package_build import compile_below, install_packages, pack
from .prune import prune
from .staging import StagedApp

#: Where Lambda unpacks a layer, and the folder of it that Python searches.
_PLACE: Final = "/opt"
_PYTHON: Final = "python"


def packages_for(settings: Mapping[str, Any]) -> list[str]:
    """Return the packages that sign-in needs with these settings."""
    wanted = (package for setting, package in SIGN_IN_PACKAGES.items() if settings.get(setting))
    return list(dict.fromkeys(wanted))


def build_layer(staged: StagedApp) -> Path | None:
    """Build the layer of a staged app beside its folder; None for an app that needs none.

    The same packages give the same bytes. Raises OperatorProblem when a package isn't available.
    """
    packages = packages_for(staged.settings)
    return _built(packages, staged.folder.with_name("layer.zip")) if packages else None


def check_sizes(package: Sizes, layer: Path) -> None:
    """Raise OperatorProblem when the package and the layer together are larger than Lambda allows."""
    unpacked = package.unpacked + sizes_of(layer).unpacked
    if unpacked > MOST_UNPACKED:
        raise OperatorProblem(
            f"The package and the packages for sign-in are {unpacked / 1e6:.0f} MB unpacked; Lambda allows "
            f"{MOST_UNPACKED / 1e6:.0f}. Remove a package from the experiment's {REQUIREMENTS}, or the "
            f"settings {' and '.join(SIGN_IN_PACKAGES)}."
        )


def _built(packages: Iterable[str], layer: Path) -> Path:
    lines = list(packages)
    with tempfile.TemporaryDirectory(prefix="petri-layer-") as place:
        wanted, root = Path(place) / REQUIREMENTS, Path(place) / "layer"
        found = root / _PYTHON
        found.mkdir(parents=True)
        wanted.write_text("\n".join([*lines, *_exact(lines)]) + "\n", encoding="utf-8")
        install_packages(wanted, found)
        prune(found, ())
        compile_below(root, _PLACE)
        pack(root, layer)
    return layer


def _exact(packages: Iterable[str]) -> list[str]:
    """Return the versions that are installed on this machine; pip chooses those of other packages."""
    return pins(packages, ())
