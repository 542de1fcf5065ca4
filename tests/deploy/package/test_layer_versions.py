"""Only the function that serves HTTP has the layer for sign-in, and only where the settings ask for it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.aws.account.names import API, FUNCTIONS
from infra.aws.lifecycle import deployment
from infra.aws.lifecycle.destroy import DestroySpec, Teardown
from infra.aws.resources.function_aliases import ALIAS
from infra.emulator.services.functions import FunctionError, Functions, Machine, Packages
from tests.deploy.app import Told, deploy
from tests.deploy.conftest import Standing

CODE = "def handler(event, context):\n    import proof\n    return proof.WORD\n"
UseLayer = Callable[[str], None]


@pytest.fixture
def use_layer(standing: Standing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UseLayer:
    """Have the next deploy build a layer with this word, or none for ""."""
    del standing

    def use(word: str) -> None:
        layer = tmp_path / f"{word}.zip"
        with zipfile.ZipFile(layer, "w") as archive:
            archive.writestr("python/proof.py", f"WORD = {word!r}\n")
        monkeypatch.setattr(deployment, "build_layer", lambda staged: layer if word else None)

    return use


def _layers(standing: Standing, function: str = API, qualifier: str = ALIAS) -> list[str]:
    found = standing.account.client("lambda").get_function_configuration(
        FunctionName=standing.names.function(function), Qualifier=qualifier
    )
    return [layer["Arn"] for layer in found.get("Layers", ())]


def _versions(standing: Standing) -> list[int]:
    found = standing.account.client("lambda").list_layer_versions(LayerName=standing.names.layer)
    return sorted(one["Version"] for one in found["LayerVersions"])


def _word(standing: Standing) -> Any:
    """Return what the served function finds in its layer."""
    with Packages() as packages, Functions(standing.cloud, Machine(), packages) as functions:
        return functions.named(f"{standing.names.function(API)}:{ALIAS}").invoke({})


def test_an_app_without_the_settings_has_no_layer(standing: Standing) -> None:
    assert _versions(standing) == []
    assert [_layers(standing, function) for function in FUNCTIONS] == [[]] * len(FUNCTIONS)


def test_the_layer_is_served_with_its_release_and_goes_with_the_settings(
    standing: Standing, use_layer: UseLayer
) -> None:
    use_layer("one")
    deploy(standing.account, standing.names)
    (first,) = _layers(standing)
    assert first.endswith(f":layer:{standing.names.layer}:1")
    assert [_layers(standing, function) for function in FUNCTIONS if function != API] == [[]] * 5
    deploy(standing.account, standing.names)
    assert (_layers(standing), _versions(standing)) == ([first], [1])
    use_layer("two")
    deploy(standing.account, standing.names)
    (second,) = _layers(standing)
    # The release before, which can be served again, still uses the first.
    assert (second.rpartition(":")[2], _versions(standing)) == ("2", [1, 2])
    use_layer("")
    deploy(standing.account, standing.names)
    assert _layers(standing) == []


def test_a_deploy_deletes_versions_that_no_release_uses(standing: Standing, use_layer: UseLayer) -> None:
    client = standing.account.client("lambda")
    content = {"ZipFile": b"PK\x05\x06" + bytes(18)}
    client.publish_layer_version(LayerName=standing.names.layer, Content=content, Description="interrupted")
    use_layer("one")
    deploy(standing.account, standing.names)
    assert _versions(standing) == [2]


def test_a_function_imports_from_its_layer_and_from_no_other_place(
    standing: Standing, use_layer: UseLayer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "handler.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", CODE.replace("handler", "app"))
    monkeypatch.setattr(deployment, "build", lambda staged: package)
    deploy(standing.account, standing.names)
    with pytest.raises(FunctionError, match="No module named 'proof'"):
        _word(standing)
    use_layer("from the layer")
    deploy(standing.account, standing.names)
    assert _word(standing) == "from the layer"


def test_a_destroyed_app_leaves_no_layer(
    standing: Standing, use_layer: UseLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_layer("one")
    deploy(standing.account, standing.names)
    told = Told()
    order = DestroySpec(names=standing.names, export_to=None, force=True)
    assert Teardown(standing.account, order, told).run() == []
    assert _versions(standing) == []
    assert f"layer {standing.names.layer} is deleted" in told.lines
