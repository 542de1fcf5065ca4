"""The consent page's own SHA-256."""

from __future__ import annotations

import hashlib

from hypothesis import example, given
from hypothesis import strategies as st

from .scripts import Scripts

PAGE = Scripts("consent.js")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
@example("")
@example("a" * 55)
@example("a" * 56)
@example("a" * 64)
@example("ä€😀" * 40)
def test_the_hash_of_a_text_is_its_sha_256(text: str) -> None:
    assert PAGE.call("petriConsent.sha256", text) == hashlib.sha256(text.encode()).hexdigest()
