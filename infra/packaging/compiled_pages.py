"""The compiled pages of a study, which a staged folder and an archive contain beside their sources."""

from __future__ import annotations

from chalicelib.experiment.loader.experiment_folder import LoadedExperiment
from chalicelib.study.pages.compiled import PAGES_FILE
from chalicelib.study.pages.library import PageLibrary

__all__ = ["PAGES_FILE", "compiled_pages"]


def compiled_pages(loaded: LoadedExperiment) -> str | None:
    """Return the text of `pages.json`; None for an experiment that isn't a study, or has no pages."""
    library = getattr(loaded.experiment_class, "library", None)
    if not isinstance(library, PageLibrary):
        return None
    compiled = library.compiled
    return compiled.to_json() if compiled.pages or compiled.bank or compiled.assets else None
