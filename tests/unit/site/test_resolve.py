from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.site import resolve


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.html").write_text("secret", encoding="utf-8")
    site = outside / "site"
    for name in ["ad.html", "instructions/first.html", "static/css/petri.css", "robots.txt"]:
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    (site / "link.html").symlink_to(outside / "secret.html")
    return site


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/", "ad.html"),
        ("/ad", "ad.html"),
        ("/ad/", "ad.html"),
        ("/instructions/first", "instructions/first.html"),
        ("/static/css/petri.css", "static/css/petri.css"),
        ("/robots.txt", "robots.txt"),
    ],
)
def test_an_address_leads_to_its_file(root, address, name):
    assert resolve(root, address) == root / name


@pytest.mark.parametrize(
    "address",
    [
        "/nothing",
        "/static",
        "/static/css",
        "/instructions",
        "/../secret",
        "/static/../../secret.html",
        "/static/..\\..\\secret.html",
        "/link",
        "/ad\0",
        "/./ad",
        "/" + "a" * 5000,
    ],
)
def test_an_address_without_a_file_of_the_site_leads_nowhere(root, address):
    assert resolve(root, address) is None


@given(
    st.lists(st.sampled_from(["..", ".", "static", "secret", "secret.html", "%2e%2e", "", "ad"]), max_size=6)
)
def test_no_address_leaves_the_site(root, parts):
    found = resolve(root, "/" + "/".join(parts))
    assert found is None or found.is_relative_to(root)
