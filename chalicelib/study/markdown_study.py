"""Makes the class of a study that is one Markdown file, `study.md`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chalicelib.errors import ExperimentError

from .elements import Element, End, Page
from .pages import StudyFile, find_pages
from .study import Study

#: What the front matter of a study.md can set besides settings of the run.
CLASS_SETTINGS = ("conditions", "language")


def study_from_file(folder: Path, module: str) -> type[Study]:
    """Return the class of a folder's `study.md`.

    Args:
        folder: The folder.
        module: The name of the module that the class belongs to.

    Raises:
        ExperimentError: The file can't be used.

    """
    compiled = find_pages(folder)
    if compiled.study is None:
        problems = "\n".join(f"- {problem}" for problem in compiled.problems)
        raise ExperimentError(f"study.md can't be used:\n{problems}" if problems else "There is no study.md.")
    return study_class(compiled.study, module)


def study_class(file: StudyFile, module: str) -> type[Study]:
    """Return the class that a study file declares."""
    settings = dict(file.settings)
    attributes: dict[str, Any] = {name: settings[name] for name in CLASS_SETTINGS if name in settings}
    attributes["timeline"] = [_element(step) for step in file.sequence]
    attributes["__module__"] = module
    attributes["config_defaults"] = staticmethod(lambda: _run_settings(settings))
    return type("MarkdownStudy", (Study,), attributes)


def _element(step: Mapping[str, Any]) -> Element:
    if "page" in step:
        return Page(str(step["page"]))
    if "end" in step:
        return End(
            str(step["end"] or "complete"),
            show_if=step.get("if"),
            only=step.get("only"),
            message=str(step.get("message", "")),
        )
    raise ExperimentError(f"study.md has a step that isn't known: {dict(step)!r}.")


def _run_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the front matter's settings of the run, such as base_payment."""
    return {name: value for name, value in settings.items() if name not in CLASS_SETTINGS}
