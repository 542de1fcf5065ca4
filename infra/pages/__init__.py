"""Compiles the pages of studies, Markdown and HTML with Jinja's tags, on the operator's machine."""

from .page_compiler import PageSource, compile_page
from .page_folder import compile_folder

__all__ = ["PageSource", "compile_folder", "compile_page"]
