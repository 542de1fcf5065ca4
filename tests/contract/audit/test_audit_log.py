"""The audit log: each change is an entry of its actor's chain, and tampering of every kind is found."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.access.rights import OPERATOR_ACTOR, ROLES, Actor
from chalicelib.errors import Forbidden, NotFound, Unauthorized
from chalicelib.model import keys
from chalicelib.operations.audit import verification
from chalicelib.operations.audit.entries import AuditEntry
from chalicelib.operations.audit.reading import erase_values, list_entries
from chalicelib.operations.audit.record_change import raise_rights_version, record_change
from chalicelib.operations.audit.seals import make_seals
from chalicelib.operations.audit.verification import AuditProblem, AuditReport, verify
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context, caller_of
from chalicelib.services import App
from chalicelib.storage.engine import ANY, Delete, Engine, Item, Put
from chalicelib.storage.files.folder_seals import FolderSeals
from tests.contract.factories import not_launched
from tests.tools.torn import TornEngine

RECORD = [("payments", "12-base")]
ADA = Actor("user:ada", "Ada", ROLES["Researcher"])


def change(ctx: Context, amount: str = "1.50", **more: Any) -> None:
    """Change the run's state, and record it."""
    ctx.uow.state["amount"] = amount
    record_change(
        ctx, "payments.retry", records=RECORD, fields={"amount": amount, **more}, address="192.0.2.7"
    )


def only_record(ctx: Context) -> AuditEntry:
    """Record a change that touches nothing that others touch."""
    return record_change(ctx, "payments.retry", records=RECORD)


@pytest.fixture
def app(engine: Engine, tmp_path: Path) -> App:
    """A run over each engine, with a folder for seals."""
    return _with_seals(engine, tmp_path)


@pytest.fixture
def local(sqlite: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    """A run over SQLite, with three changes of Ada, where the engine doesn't matter."""
    monkeypatch.setattr(verification, "PAUSE", 0)
    app = _with_seals(sqlite, tmp_path)
    for amount in ("1", "2", "3"):
        app.run(change, amount, caller=caller_of(ADA))
    return app


def _with_seals(engine: Engine, folder: Path) -> App:
    app = not_launched(engine)
    app.seals = FolderSeals(folder / "seals")
    return app


def _engine(app: App) -> Engine:
    engine: Engine = app.store.engine  # type: ignore[attr-defined]
    return engine


def _verified(app: App) -> AuditReport:
    return app.run(verify, app.seals, caller=OPERATOR_CALLER)


def _found(app: App) -> set[tuple[str, int, str]]:
    return {(each.actor, each.number, each.problem.value) for each in _verified(app).findings}


def _seal(app: App) -> None:
    for seal in app.run(make_seals):
        app.seals.keep(seal)


def test_a_change_is_recorded_in_its_own_commit(app: App) -> None:
    app.run(change, caller=caller_of(ADA))
    (listed,) = app.run(list_entries, caller=OPERATOR_CALLER)
    entry = listed.entry
    assert (entry.actor, entry.number, entry.operation) == ("user:ada", 1, "payments.retry")
    assert (entry.records, entry.fields) == ((("payments", "12-base"),), ("amount",))
    assert (listed.values, listed.address) == ({"amount": "1.50"}, "192.0.2.7")
    assert _verified(app) == AuditReport(chains=1, entries=1)


def test_an_operation_that_fails_leaves_no_entry(app: App) -> None:
    def fails(ctx: Context) -> None:
        change(ctx)
        raise NotFound("There is no such payment.")

    with pytest.raises(NotFound):
        app.run(fails, caller=caller_of(ADA))
    assert app.run(list_entries, caller=OPERATOR_CALLER) == []


def test_several_changes_in_one_commit_follow_one_another(app: App) -> None:
    app.run(lambda ctx: [only_record(ctx) for _ in range(3)], caller=OPERATOR_CALLER)
    assert [one.entry.number for one in app.run(list_entries, caller=OPERATOR_CALLER)] == [3, 2, 1]
    assert _found(app) == set()


def test_only_an_actor_can_record_a_change(local: App) -> None:
    with pytest.raises(Unauthorized):
        local.run(change)


def test_secret_values_are_never_stored(local: App) -> None:
    hidden = {"password": "hunter2", "api_key": "k-1", "nested": {"recovery_code": "r-1", "name": "x"}}
    local.run(change, caller=caller_of(ADA), **hidden)
    newest = local.run(list_entries, caller=OPERATOR_CALLER)[0]
    assert newest.values is not None
    assert newest.values["password"] == newest.values["api_key"] == "(secret)"
    assert newest.values["nested"] == {"name": "x", "recovery_code": "(secret)"}


def test_long_values_are_cut_and_records_of_bulk_actions_counted(local: App) -> None:
    many = [("participants", str(number)) for number in range(2000)]
    entry = local.run(
        record_change, "participants.fail", records=many, fields={"note": "x" * 9000}, caller=caller_of(ADA)
    )
    assert (len(entry.records), entry.record_count) == (500, 2000)
    values = local.run(list_entries, caller=OPERATOR_CALLER)[0].values
    assert values is not None
    assert values["note"].endswith("(9002 characters)")
    assert _found(local) == set()


def test_actors_list_their_own_entries_and_managers_all(local: App) -> None:
    assert len(local.run(list_entries, "user:ada", caller=caller_of(ADA))) == 3
    for whose in (None, "operator"):
        with pytest.raises(Forbidden):
            local.run(list_entries, whose, caller=caller_of(ADA))
    local.run(change, caller=OPERATOR_CALLER)
    assert len(local.run(list_entries, caller=OPERATOR_CALLER)) == 4
    assert len(local.run(list_entries, limit=2, caller=OPERATOR_CALLER)) == 2


# -- rights that change -----------------------------------------------------------------------------


def test_a_change_is_refused_when_a_right_was_taken_away_since_it_began(app: App) -> None:
    app.run(change, "1", caller=caller_of(ADA))
    attempts = []

    def overtaken(ctx: Context) -> None:
        change(ctx, "2")
        attempts.append(1)
        if len(attempts) == 1:
            app.run(raise_rights_version, ADA.id, caller=OPERATOR_CALLER)

    with pytest.raises(Forbidden) as refused:
        app.run(overtaken, caller=caller_of(ADA))
    assert (refused.value.code, len(attempts)) == ("rights_changed", 1)
    assert app.run(lambda ctx: ctx.uow.state["amount"]) == "1"
    app.run(change, "3", caller=caller_of(Actor(ADA.id, ADA.name, ADA.rights, version=1)))
    assert _found(app) == set()


def test_rights_that_change_before_the_first_change_are_noticed_too(local: App) -> None:
    bob = Actor("user:bob", "Bob", ROLES["Viewer"])
    assert local.run(raise_rights_version, bob.id, caller=OPERATOR_CALLER) == 1
    with pytest.raises(Forbidden):
        local.run(change, caller=caller_of(bob))


# -- many at once -----------------------------------------------------------------------------------


def _record_at_once(app: App, actors: int, changes: int) -> None:
    start = threading.Barrier(actors)

    def work(number: int) -> None:
        actor = Actor(f"user:u{number % (actors - 1)}", "U", ROLES["Researcher"])
        start.wait(30)
        for _ in range(changes):
            app.run(only_record, caller=caller_of(actor))

    with ThreadPoolExecutor(actors) as pool:
        list(pool.map(work, range(actors)))


def test_twenty_actors_at_once_lose_no_change(engine: Engine, tmp_path: Path) -> None:
    app = _with_seals(engine, tmp_path)
    _record_at_once(app, 20, 3)
    report = _verified(app)
    # Two of the threads act as the same user.
    assert (report.chains, report.entries, report.findings) == (19, 60, [])


def test_a_log_that_is_verified_while_commits_become_visible_has_no_findings(
    torn: TornEngine, tmp_path: Path
) -> None:
    app = _with_seals(torn, tmp_path)
    with ThreadPoolExecutor(1) as pool:
        recording = pool.submit(_record_at_once, app, 4, 6)
        reports = [_verified(app)]
        while not recording.done():
            reports.append(_verified(app))
        recording.result()
    assert [report.findings for report in reports if report.findings] == []
    assert _verified(app).entries == 24


# -- tampering --------------------------------------------------------------------------------------


def _stored(app: App, key: keys.Key) -> Item:
    return dict(_engine(app).get([key])[key])


def _overwrite(app: App, item: Item) -> None:
    _engine(app).commit([Put(item, ANY)])


def _delete(app: App, *stored: keys.Key) -> None:
    _engine(app).commit([Delete(key) for key in stored])


def _change_entry(app: App, number: int) -> None:
    item = _stored(app, keys.audit_entry(ADA.id, number))
    _overwrite(app, {**item, "operation": "payments.release"})


def _forge_entry(app: App, number: int) -> None:
    """Change an entry together with its hash."""
    item = {**_stored(app, keys.audit_entry(ADA.id, number)), "operation": "payments.release"}
    _overwrite(app, {**item, "hash": AuditEntry.from_item(item).hash})


def _insert_entry(app: App, number: int) -> None:
    pk, sk = keys.audit_entry(ADA.id, number)
    item = {**_stored(app, keys.audit_entry(ADA.id, 1)), "pk": pk, "sk": sk, "number": number}
    _overwrite(app, {**item, "hash": AuditEntry.from_item(item).hash})


def _change_values(app: App, number: int) -> None:
    item = _stored(app, keys.audit_values(ADA.id, number))
    _overwrite(app, {**item, "values": {"fields": {"amount": "9"}, "address": ""}})


def _cut_off(app: App, last: int) -> None:
    """Remove the newest entries, and set the head back."""
    for number in range(last + 1, 4):
        _delete(app, keys.audit_entry(ADA.id, number), keys.audit_values(ADA.id, number))
    kept = AuditEntry.from_item(_stored(app, keys.audit_entry(ADA.id, last)))
    _overwrite(app, {**_stored(app, keys.audit_head(ADA.id)), "number": last, "hash": kept.hash})


TAMPERING: dict[str, tuple[Callable[[App], None], tuple[int, AuditProblem]]] = {
    "an entry in the middle was changed": (lambda app: _change_entry(app, 2), (2, AuditProblem.CHANGED)),
    "the newest entry was changed": (lambda app: _change_entry(app, 3), (3, AuditProblem.CHANGED)),
    "an entry was changed with its hash": (lambda app: _forge_entry(app, 2), (2, AuditProblem.CHANGED)),
    "the newest was changed with its hash": (lambda app: _forge_entry(app, 3), (3, AuditProblem.CHANGED)),
    "the first was removed": (
        lambda app: _delete(app, keys.audit_entry(ADA.id, 1)),
        (1, AuditProblem.REMOVED),
    ),
    "one was removed": (lambda app: _delete(app, keys.audit_entry(ADA.id, 2)), (2, AuditProblem.REMOVED)),
    "the newest was removed": (
        lambda app: _delete(app, keys.audit_entry(ADA.id, 3)),
        (3, AuditProblem.REMOVED),
    ),
    "one was inserted after the head": (lambda app: _insert_entry(app, 4), (4, AuditProblem.INSERTED)),
    "one took the place of another": (lambda app: _insert_entry(app, 2), (2, AuditProblem.CHANGED)),
    "values were changed": (lambda app: _change_values(app, 2), (2, AuditProblem.VALUES_CHANGED)),
    "the head was removed": (
        lambda app: _delete(app, keys.audit_head(ADA.id)),
        (0, AuditProblem.HEAD_CHANGED),
    ),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_found_and_named(local: App, name: str) -> None:
    assert _found(local) == set()
    tamper, (number, problem) = TAMPERING[name]
    tamper(local)
    assert (ADA.id, number, problem.value) in _found(local)


def test_an_item_with_another_name_in_a_chain_is_an_insertion(local: App) -> None:
    item = _stored(local, keys.audit_entry(ADA.id, 1))
    _overwrite(local, {**item, "sk": "1"})
    assert _found(local) == {(ADA.id, 0, "inserted")}


def test_values_that_were_erased_are_counted_and_no_finding(local: App) -> None:
    with pytest.raises(NotFound):
        local.run(erase_values, ADA.id, 9, caller=OPERATOR_CALLER)
    local.run(erase_values, ADA.id, 2, caller=OPERATOR_CALLER)
    report = _verified(local)
    assert (report.erased, report.findings) == (1, [])
    assert [one.values for one in local.run(list_entries, caller=OPERATOR_CALLER)][1] is None


# -- seals ------------------------------------------------------------------------------------------


def test_what_was_cut_off_is_found_up_to_the_last_seal_and_not_after_it(local: App) -> None:
    _cut_off(local, 2)
    assert _found(local) == set()
    _seal(local)
    _cut_off(local, 1)
    assert _found(local) == {(ADA.id, 2, "removed")}


def test_a_chain_that_was_rewritten_since_a_seal_is_found(local: App) -> None:
    _seal(local)
    _delete(local, *[keys.audit_entry(ADA.id, number) for number in (1, 2, 3)])
    _delete(local, *[keys.audit_values(ADA.id, number) for number in (1, 2, 3)])
    _delete(local, keys.audit_head(ADA.id), keys.audit_actor(ADA.id))
    for amount in ("7", "8", "9"):
        local.run(change, amount, caller=caller_of(ADA))
    assert _found(local) == {(ADA.id, 3, "changed")}


def test_a_chain_that_was_removed_as_a_whole_since_a_seal_is_found(local: App) -> None:
    _seal(local)
    _delete(local, *[keys.audit_entry(ADA.id, number) for number in (1, 2, 3)])
    _delete(local, keys.audit_head(ADA.id), keys.audit_actor(ADA.id))
    assert (ADA.id, 3, "removed") in _found(local)


def test_seals_are_made_when_something_has_changed(local: App) -> None:
    for _ in range(2):
        _seal(local)
        assert local.seals.last_number() == 1
    local.run(change, caller=OPERATOR_CALLER)
    _seal(local)
    report = _verified(local)
    assert (report.seals, report.findings) == (2, [])


def test_a_seal_whose_keeping_failed_is_kept_with_the_next_one(local: App) -> None:
    local.run(make_seals)
    assert local.seals.last_number() == 0
    assert _found(local) == set()
    local.run(change, caller=OPERATOR_CALLER)
    _seal(local)
    assert local.seals.last_number() == 2
    assert local.seals.read(1) is not None
    assert _found(local) == set()


def test_a_seal_that_was_changed_or_removed_is_found(local: App) -> None:
    _seal(local)
    local.run(change, caller=OPERATOR_CALLER)
    _seal(local)
    item = _stored(local, keys.audit_seal(1))
    _overwrite(local, {**item, "leaves": [[ADA.id, 1, "0" * 64]]})
    assert ("", 1, "seal broken") in _found(local)
    _overwrite(local, {**item, "root": "0" * 64})
    assert ("", 1, "seal broken") in _found(local)
    _delete(local, keys.audit_seal(1))
    assert ("", 1, "seal broken") in _found(local)


def test_a_change_posts_one_message_an_hour_that_seals_the_log(local: App) -> None:
    now = local.clock.now()
    kinds = [message.body["kind"] for message in local.store.due(now + timedelta(hours=2))]
    # The three changes of Ada were made within the same two hours.
    assert 1 <= kinds.count("seal_audit_log") <= 2


def test_the_operators_changes_are_checked_like_those_of_others(local: App) -> None:
    local.run(change, caller=OPERATOR_CALLER)
    item = _stored(local, keys.audit_entry(OPERATOR_ACTOR.id, 1))
    _overwrite(local, {**item, "at": "2020-01-01T00:00:00.000000Z"})
    assert _found(local) == {("operator", 1, "changed")}


def test_verifying_requires_the_right_to_manage_the_lab(local: App) -> None:
    with pytest.raises(Forbidden):
        local.run(verify, local.seals, caller=caller_of(ADA))


def test_two_changes_of_one_actor_never_take_the_same_number(local: App) -> None:
    attempts = []

    def overtaken(ctx: Context) -> None:
        only_record(ctx)
        attempts.append(1)
        if len(attempts) == 1:
            local.run(only_record, caller=caller_of(ADA))

    local.run(overtaken, caller=caller_of(ADA))
    assert (len(attempts), _verified(local).entries, _found(local)) == (2, 5, set())
