"""Carries out requests for pages: their commits, and what follows when a method of the study fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import ExperimentError, PetriError
from chalicelib.operations.study.answers import drafts, echoes, event_log
from chalicelib.operations.study.answers.uploads import link_to_upload
from chalicelib.operations.study.books import reading_progress
from chalicelib.operations.study.flow import reminders
from chalicelib.operations.study.flow.reminders import StopTexts
from chalicelib.operations.study.groups.leaving import stop_without_member
from chalicelib.operations.study.groups.stopping import stop_part
from chalicelib.operations.study.groups.waits import stop_group
from chalicelib.operations.study.shared.hook_errors import HookFailedError, StudyCodeError

from . import book_page, due_page, open_page, upload_grants
from .settling import MAX_STEPS, settle_and_show
from .show import PageView

logger = logging.getLogger("petri.study")


@dataclass(frozen=True, slots=True)
class PageRequests:
    """The requests of one caller."""

    #: Runs an operation for the caller, in a commit of its own.
    run: Callable[..., Any]
    #: Runs an operation for the platform itself.
    run_as_platform: Callable[..., Any]

    def get_page(self) -> dict[str, Any]:
        """Return the page that is due."""
        return self._settled(self._run(due_page.get_page))

    def post_page(
        self, serial: int, answers: Any, timings: Any, events: Any, *, is_timeout: bool
    ) -> dict[str, Any]:
        """Store the answers of a page, and return the one that follows."""
        view = self._run(due_page.post_page, serial, answers, timings, events, is_timeout=is_timeout)
        return self._settled(view)

    def open_page(self, serial: int, path: str, events: Any) -> dict[str, Any]:
        """Open a page of the book in which the participant is."""
        return self._settled(self._run(open_page.open_page, serial, path, events))

    def finish_book(self, serial: int, events: Any) -> dict[str, Any]:
        """Finish the book in which the participant is, and return what follows it."""
        return self._settled(self._run(open_page.finish_book, serial, events))

    def contents(self) -> dict[str, Any]:
        """Return the contents of the book in which the participant is."""
        found: dict[str, Any] = self.run(book_page.own_contents)
        return found

    def keep_reading(self, serial: int, position: float, *, is_at_end: bool) -> dict[str, Any]:
        """Keep how far a page of a book was read."""
        kept: dict[str, Any] = self.run(reading_progress.keep_reading, serial, position, is_at_end=is_at_end)
        return kept

    def annotations(self, path: str) -> dict[str, Any]:
        """Return the caller's annotations of a page of a book."""
        # Lazy import: most pages have no annotations.
        from chalicelib.operations.study.books.annotations import own_annotations

        found: dict[str, Any] = self.run(own_annotations, path)
        return found

    def keep_annotation(self, path: str, sent: Mapping[str, Any]) -> dict[str, Any]:
        """Store or change an annotation of a page of a book."""
        from chalicelib.operations.study.books.annotations import keep_annotation

        kept: dict[str, Any] = self.run(keep_annotation, path, sent)
        return kept

    def remove_annotation(self, path: str, name: str) -> dict[str, Any]:
        """Delete an annotation of a page of a book."""
        from chalicelib.operations.study.books.annotations import remove_annotation

        deleted: dict[str, Any] = self.run(remove_annotation, path, name)
        return deleted

    def keep_draft(self, serial: int, answers: Any, fields: Any) -> dict[str, Any]:
        """Keep what is typed on a page."""
        kept: dict[str, Any] = self.run(drafts.keep_draft, serial, answers, fields)
        return kept

    def keep_events(self, serial: int, events: Any) -> dict[str, Any]:
        """Record the events of a page."""
        recorded: dict[str, Any] = self.run(event_log.keep_page_events, serial, events)
        return recorded

    def take_echo(self, echo: str) -> dict[str, Any]:
        """Take an echo that measures the latency of a player of a live session."""
        taken: dict[str, Any] = self.run(echoes.take_echo, echo)
        return taken

    def leave_page(self, serial: int, since: str) -> dict[str, Any]:
        """Stop the clock of a timed assignment whose page was closed."""
        # Lazy import: only members of classes have timed assignments.
        from .leaving_pages import take_leave

        taken: dict[str, Any] = self.run(take_leave, serial, since)
        return taken

    def grant_upload(
        self, serial: int, item: str, described: Mapping[str, Any], ending: str
    ) -> dict[str, Any]:
        """Return the form for a file."""
        granted: dict[str, Any] = self.run(upload_grants.grant_upload, serial, item, described, ending)
        return granted

    def link_to_upload(self, participant_id: int, name: str) -> str:
        """Return the address from which the operator downloads a file."""
        address: str = self.run(link_to_upload, participant_id, name)
        return address

    def allow_stopping(self, participant_id: int, key: str) -> StopTexts:
        """Return the texts of the page that stops reminders."""
        texts: StopTexts = self.run(reminders.allow_stopping, participant_id, key)
        return texts

    def stop_reminders(self, participant_id: int, key: str) -> StopTexts:
        """Stop the reminders of one participant."""
        texts: StopTexts = self.run(reminders.stop_reminders, participant_id, key)
        return texts

    def _run(self, operation: Callable[..., PageView], *args: Any, **more: Any) -> PageView:
        """Run an operation; where it fails and a member has left the group, stop the group with pay.

        A group is stopped, too, when a method that was called for it has failed. Where the code that a page
        needs has failed, the part of the participant ends with pay.
        """
        try:
            view: PageView = self.run(operation, *args, **more)
        except HookFailedError as error:
            logger.exception("a method of the study raised an error, so its group is stopped")
            self.run_as_platform(stop_group, error.network_id, str(error))
            view = self.run(due_page.get_page)
        except StudyCodeError as error:
            if not isinstance(error.__cause__, ExperimentError) or not self._stop_without_member(error):
                logger.exception("the study's code raised an error, so the part of the participant is ended")
                if operation is due_page.post_page:
                    self._store_last_answers(error, *args, **more)
                self.run_as_platform(stop_part, error.participant_id, str(error))
            view = self.run(due_page.get_page)
        except ExperimentError as error:
            if not self._stop_without_member(error):
                raise
            view = self.run(due_page.get_page)
        return view

    def _store_last_answers(self, error: StudyCodeError, *args: Any, **more: Any) -> None:
        """Store the answers after which the study's code has failed, in a commit that doesn't call it."""
        try:
            self.run(due_page.post_page, *args, **more, failure=str(error))
        except StudyCodeError:
            logger.info("the answers couldn't be stored, because checking them needs the code that fails")

    def _stop_without_member(self, error: PetriError) -> bool:
        """Stop the caller's group if the error comes from the absence of a member; return whether it did."""
        is_stopped: bool = self.run(stop_without_member, str(error))
        if is_stopped:
            logger.warning("a group was stopped, because its study needs a member who has left: %s", error)
        return is_stopped

    def _settled(self, view: PageView) -> dict[str, Any]:
        """Carry out what follows the commit, in commits of its own, and return the page that is due then."""
        stale = {"stale": True} if view.body.get("stale") else {}
        for _ in range(MAX_STEPS):
            if view.pending is None:
                break
            pending = view.pending
            settled = settle_and_show(self.run_as_platform, pending)
            if not settled.changed:
                arrived = {} if settled.arrived is None else {"arrived": settled.arrived}
                return {**view.body, **arrived, **stale}
            view = settled.view or self._run(due_page.get_page, pending)
        return {**view.body, **stale}
