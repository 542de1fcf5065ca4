"""A small book in reStructuredText and MyST, which tests import and change."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
CONF = """
project = "Numbers"
extensions = ["myst_parser"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
html_theme = "a_theme_that_is_not_installed"
html_baseurl = "https://book.example.org/"
"""
INDEX = """
A book about numbers
====================

.. toctree::

   sums/index
   chance
"""
SUMS = """
:petri-page: sums

Sums
====

Read :doc:`means` and :ref:`chance`, and see :eq:`total`. A {{ brace }} stays a brace. [#note]_

.. math:: \\sum_i x_i = n
   :label: total

.. toctree::

   means

.. note:: A sum is *never* alone.

.. code-block:: python

   for number in [1, 2]:  # {% three %}
       print(number)

.. figure:: ../plot.png
   :alt: A rising line

   A plot.

.. image:: ../plot.png

:download:`The data <../data.csv>` and a `list <https://example.org/list>`_.

.. raw:: html

   <script>alert("x")</script><p onclick="alert(1)">A <b>raw <i>paragraph</p>
   <a href="javascript:alert(1)">a link</a>

.. petri-item:: number total: What is 1 + 2?
   :label: Exercise 1

   right: 3
   points: 2

.. petri-feedback:: total
   :answer: incorrect

   Count **again**.

.. [#note] A note at the foot.
"""
MEANS = """---
petri-page: means
---
# Means

| a | b |
|---|---|
| 1 | $\\frac{1}{2}$ |

```{petri-choice} mean
:label: Exercise 2
prompt: What is the mean of 1 and 3?
options: {two: Two, three: Three}
right: two
feedback: {three: That is the larger one.}
```

:::{petri-item} text why
prompt: Why?
required: false
points: 5
grading: manual
:::

```{warning}
Means hide much.
```
"""
CHANCE = """
.. _chance:

Chance
======

A coin has two sides.

.. petri-item:: likert

   steps: 5
   items:
     fair: Coins are fair.
     sure: I am sure.
"""
BOOK: Mapping[str, str] = {
    "conf.py": CONF,
    "index.rst": INDEX,
    "sums/index.rst": SUMS,
    "sums/means.md": MEANS,
    "chance.rst": CHANCE,
    "data.csv": "x\n1\n",
}


def write_book(folder: Path, files: Mapping[str, str] = BOOK) -> Path:
    """Write a Sphinx project and return its folder."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text.lstrip("\n"), encoding="utf-8")
    (folder / "plot.png").write_bytes(PICTURE)
    return folder
