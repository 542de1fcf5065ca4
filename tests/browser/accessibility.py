"""Checks a page against WCAG 2.2 AA with axe-core, and for reflow (criterion 1.4.10) at 320 CSS pixels."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome

from . import chromium

AXE_VERSION = "4.14.1"
AXE = Path(__file__).parent / "axe_core" / "axe.min.js"
#: Success criteria up to WCAG 2.2 AA, and axe-core's best practices (one h1, landmarks, heading order ...).
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
DESKTOP = (1280, 900)
PHONE = (390, 844)
#: What a window of 1280 pixels shows at 400 % zoom, and one of 640 pixels at 200 %.
ZOOMED = (320, 640)

_RUN_AXE = """
    const [tags, done] = arguments;
    axe.run(document, { runOnly: tags, resultTypes: ["violations"] }).then(
      ({ violations }) => done(violations.flatMap(({ id, help, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")} (${help}) ${failureSummary}`))),
      (error) => done([`axe-core failed: ${error}`]),
    );
"""
_FIND_OVERLAPS = """
    const isShown = (element) => element.checkVisibility({ visibilityProperty: true });
    const isOffscreen = (element) => element.closest(".skip-link:not(:focus), .sr-only, .visually-hidden");
    const controls = [...document.querySelectorAll("a[href], button, input, select, textarea")].filter(
      (element) => isShown(element) && !isOffscreen(element),
    );
    const name = (element) => element.id ? `#${element.id}` : element.outerHTML.slice(0, 80);
    const found = [];
    controls.forEach((one, index) => controls.slice(index + 1).forEach((other) => {
      if (one.contains(other) || other.contains(one)) return;
      const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
      const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (width > 1 && height > 1) found.push(`${name(one)} overlaps ${name(other)}`);
    }));
    return found;
"""
_FIND_TOO_WIDE = """
    const limit = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= limit) return [];
    const last = [...document.querySelectorAll("body *")]
      .filter((each) => each.getBoundingClientRect().right > limit + 1).at(-1);
    const width = document.documentElement.scrollWidth;
    return [`the page is ${width} px wide, because of ${last ? last.outerHTML.slice(0, 80) : "?"}`];
"""


def problems(
    browser: Chrome, name: str, *, sizes: tuple[tuple[int, int], ...] = (DESKTOP, PHONE)
) -> list[str]:
    """Return what is wrong with the page in its present state, at each size; `name` names its screenshots."""
    found = []
    try:
        for size in sizes:
            _resize(browser, size)
            chromium.keep_screenshot(browser, f"{name}-{size[0]}")
            found += [f"{name} at {size[0]} px: {each}" for each in _violations(browser)]
        _resize(browser, ZOOMED)
        # From the top of the page: a bar that sticks there covers what is scrolled below it, by design.
        browser.execute_script("window.scrollTo(0, 0)")
        found += [f"{name} at {ZOOMED[0]} px: {each}" for each in _reflow_problems(browser)]
    finally:
        chromium.resize_to_desktop(browser)
    return found


def _resize(browser: Chrome, size: tuple[int, int]) -> None:
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def _violations(browser: Chrome) -> list[str]:
    if not browser.execute_script("return Boolean(window.axe);"):
        browser.execute_script(_axe())
    return _list_of_strings(browser.execute_async_script(_RUN_AXE, TAGS))


def _reflow_problems(browser: Chrome) -> list[str]:
    return [
        each
        for script in (_FIND_OVERLAPS, _FIND_TOO_WIDE)
        for each in _list_of_strings(browser.execute_script(script))
    ]


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


def _list_of_strings(value: Any) -> list[str]:
    return [str(each) for each in value]
