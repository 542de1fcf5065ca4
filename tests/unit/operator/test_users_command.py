"""`petri users` manages the accounts of a run."""

from __future__ import annotations

import re
import zipfile

from chalicelib.access.rights import Right
from chalicelib.dashboard import sessions
from chalicelib.operations.accounts.actors import authenticate_token, find_actor, find_user
from chalicelib.operations.accounts.credentials.one_time_codes import begin_codes, new_secret
from chalicelib.operations.accounts.invitations.acceptance import read_offer
from chalicelib.operations.accounts.passwords import set_password, stored_password
from tests.unit.operator.runs import Scene
from tests.unit.operator.test_commands import Say, petri

__all__ = ["petri"]


def test_users_are_added_granted_listed_and_removed(scene: Scene, petri: Say) -> None:
    assert "petri users add" in petri("users")
    petri("users", "add", "ada", "--name", "Ada Lovelace", "--role", "Viewer")
    petri("users", "grant", "ada", "--role", "Pay", "--days", "30")
    petri("users", "token", "ada", "--name", "script", "--right", "View")
    listed = petri("users")
    assert "Ada Lovelace" in listed
    assert "Pay until " in listed
    assert "script (petri_" in listed
    petri("users", "revoke", "ada", "--role", "Pay")
    assert "Pay" not in petri("users")
    petri("users", "revoke-token", "ada", "--name", "script")
    petri("users", "remove", "ada")
    assert "petri users add" in petri("users")
    assert petri("audit").count("users.") == 4


def test_a_password_is_chosen_with_a_link_of_a_run_that_is_served_and_never_typed_here(
    scene: Scene, petri: Say
) -> None:
    petri("users", "add", "ada", "--role", "Viewer")
    assert "isn't being served" in petri("users", "password", "ada", fails=True)
    assert "a username" in petri("users", "password", fails=True)
    assert "without one-time codes already" in petri("users", "codes-off", "ada", fails=True)


def test_a_token_is_printed_and_works(scene: Scene, petri: Say) -> None:
    petri("users", "add", "ada", "--role", "Researcher")
    token = petri("users", "token", "ada", "--name", "script").split()[0]
    assert scene.run(authenticate_token, token).id == "token:ada/script"


def test_an_action_that_lacks_something_names_it(scene: Scene, petri: Say) -> None:
    assert "a username" in petri("users", "add", fails=True)
    assert "--role" in petri("users", "add", "ada", fails=True)
    assert "--name" in petri("users", "token", "ada", fails=True)
    assert "neither a role nor a right" in petri("users", "add", "ada", "--role", "King", fails=True)


def test_an_export_contains_no_accounts(scene: Scene, petri: Say) -> None:
    petri("users", "add", "zebedee", "--name", "Zebedee", "--email", "z@example.org", "--role", "Viewer")
    token = petri("users", "token", "zebedee", "--name", "script").split()[0]
    scene.run(set_password, "zebedee", "seven green bicycles sing")
    scene.run(begin_codes, "zebedee")
    code_secret = scene.run(new_secret, "zebedee")
    hashed = scene.run(stored_password, "zebedee").hash.rpartition("$")[2]
    petri("export", "--no-scrub")
    (archive,) = scene.root.rglob("*-data.zip")
    with zipfile.ZipFile(archive) as files:
        contents = b"".join(files.read(name) for name in files.namelist()).decode("utf-8", "replace")
    for secret in ("zebedee", "Zebedee", token[:12], "users.add", code_secret, hashed, "argon2id"):
        assert secret not in contents


def test_sessions_are_listed_and_ended(scene: Scene, petri: Say) -> None:
    petri("users", "add", "ada", "--role", "Viewer")
    scene.run(sessions.begin_session, scene.run(sessions.create_ticket_for_user, "ada"))
    assert "user:ada" in petri("users", "sessions")
    assert "Ended 0 sessions." in petri("users", "sign-out")
    assert "Ended 1 session." in petri("users", "sign-out", "ada")
    assert "user:ada" not in petri("users", "sessions")


def test_roles_of_the_runs_own_are_made_changed_listed_and_deleted(scene: Scene, petri: Say) -> None:
    petri("users", "role", "add", "Payer", "--right", "View", "--right", "Pay", "--about", "For [bold]payday")
    petri("users", "add", "ada", "--role", "Payer")
    listed = petri("users", "role")
    assert "For [bold]payday" in listed
    assert "granted to ada" in petri("users", "role", "delete", "Payer", fails=True)
    petri("users", "role", "change", "Payer", "--right", "View")
    assert scene.run(find_actor, "user:ada").rights == {Right.VIEW}
    petri("users", "revoke", "ada", "--role", "Payer")
    petri("users", "role", "delete", "Payer")
    assert "Payer" not in petri("users", "role", "list")
    for words in (("add",), ("list", "Payer"), ("rename", "Payer")):
        assert "petri users role add" in petri("users", "role", *words, fails=True)


def test_names_are_printed_as_they_are(scene: Scene, petri: Say) -> None:
    petri("users", "add", "ada", "--name", "[red]Ada[/red]", "--role", "Viewer")
    assert "[red]Ada[/red]" in petri("users")


def test_groups_are_made_filled_granted_listed_and_deleted(scene: Scene, petri: Say) -> None:
    assert "petri users group add" in petri("users", "group")
    petri("users", "add", "ada", "--role", "Viewer")
    petri("users", "group", "add", "eyelab", "--name", "[red]Eye Lab", "--about", "Eyes", "--private")
    petri("users", "group", "grant", "eyelab", "--role", "Pay", "--days", "7")
    petri("users", "group", "add-member", "eyelab", "ada", "--admin")
    assert Right.PAY in scene.run(find_actor, "user:ada").rights
    listed = petri("users", "group")
    for shown in ("eyelab (private)", "[red]Eye Lab", "Pay", "ada (admin)"):
        assert shown in listed
    petri("users", "group", "remove-member", "eyelab", "ada")
    assert "no open request" in petri("users", "group", "accept", "eyelab", "ada", fails=True)
    assert "no open request" in petri("users", "group", "refuse", "eyelab", "ada", fails=True)
    assert "--role" in petri("users", "group", "revoke", "eyelab", fails=True)
    petri("users", "group", "revoke", "eyelab", "--role", "Pay")
    petri("users", "group", "delete", "eyelab")
    for words in (("add",), ("rename", "eyelab"), ("accept", "eyelab")):
        assert "petri users group add" in petri("users", "group", *words, fails=True)
    assert "isn't expected here" in petri("users", "remove", "ada", "bob", fails=True)


def test_a_person_is_invited_with_a_link_and_invitations_are_listed_and_withdrawn(
    scene: Scene, petri: Say
) -> None:
    assert "petri users invite" in petri("users", "invitations")
    petri("users", "group", "add", "eyelab")
    printed = petri("users", "invite", "mary@example.org", "--role", "Viewer", "--group", "eyelab")
    link = printed.split()[0]
    assert re.fullmatch(r"http://localhost:\d+/dashboard/invitation/[\w-]{59}", link)
    secret = link.rpartition("/")[2]
    assert scene.run(read_offer, secret).what == ("Viewer",)
    listed = petri("users", "invitations")
    assert "mary@example.org" in listed
    assert "open" in listed
    petri("users", "withdraw", secret[:16])
    assert "withdrawn" in petri("users", "invitations")
    assert "an email address" in petri("users", "invite", fails=True)
    assert "gives no rights" in petri("users", "invite", "mary@example.org", fails=True)


def test_the_profile_of_a_user_is_changed(scene: Scene, petri: Say) -> None:
    petri("users", "add", "ada", "--role", "Viewer")
    names = ("--name", "Ada L.", "--first-name", "Ada", "--last-name", "Lovelace")
    more = (
        "--email",
        "ada@example.org",
        "--phone",
        "+44 1",
        "--affiliation",
        "Lab A",
        "--affiliation",
        "Lab B",
    )
    petri("users", "change", "ada", *names, *more, "--bot", "--days", "30")
    user = scene.run(find_user, "ada")
    assert (user.name, user.first_name, user.last_name) == ("Ada L.", "Ada", "Lovelace")
    assert (user.email, user.phone, user.affiliations) == ("ada@example.org", "+44 1", ("Lab A", "Lab B"))
    assert user.is_bot
    assert user.expires is not None
    petri("users", "change", "ada", "--no-bot")
    assert not scene.run(find_user, "ada").is_bot
    assert "such as --email" in petri("users", "change", "ada", fails=True)
