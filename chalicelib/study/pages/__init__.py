"""Renders the pages of studies, which were compiled on the operator's machine."""

from .compiled import CompiledItem, CompiledPage, CompiledPages, Problem, StudyFile
from .library import PageError, PageLibrary, find_pages

__all__ = [
    "CompiledItem",
    "CompiledPage",
    "CompiledPages",
    "PageError",
    "PageLibrary",
    "Problem",
    "StudyFile",
    "find_pages",
]
