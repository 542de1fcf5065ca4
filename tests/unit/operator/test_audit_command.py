"""`petri audit` lists the changes of a run, and names what was tampered with."""

from __future__ import annotations

from chalicelib.model import keys
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.context import Context
from chalicelib.storage.engine import Delete
from tests.unit.operator.runs import Scene
from tests.unit.operator.test_commands import Say, petri

__all__ = ["petri"]


def test_the_changes_of_a_run_are_listed_and_verified(scene: Scene, petri: Say) -> None:
    assert "No changes are recorded." in petri("audit")
    for amount in ("1.50", "2.50"):
        scene.run(_record, amount)
    said = petri("audit", "--actor", "operator")
    assert "payments.retry" in said
    assert "amount=2.50" in said
    assert said.index("2.50") < said.index("1.50")
    said = petri("audit", "verify")
    assert "2 entries of 1 actors, 0 seals, not sealed yet." in said
    assert "Nothing was changed, removed or inserted." in said


def test_an_entry_that_was_removed_is_named(scene: Scene, petri: Say) -> None:
    for amount in ("1.50", "2.50"):
        scene.run(_record, amount)
    with scene.app() as app:
        app.store.engine.commit([Delete(keys.audit_entry("operator", 1))])  # type: ignore[attr-defined]
    assert "entry 1 of operator: removed" in petri("audit", "verify", fails=True)


def _record(ctx: Context, amount: str) -> None:
    record_change(ctx, "payments.retry", records=[("payments", "1-base")], fields={"amount": amount})
