"""Checks the HTML of pages, and writes their templates."""

from .html_check import HtmlCheck

__all__ = ["HtmlCheck"]
