"""Experiment folders for tests of staging and packaging, and helpers to inspect the results."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from infra.aws.account.names import Names
from infra.aws.package.staging import StagedApp, stage

NAMES = Names("study", "sandbox")
CODE = """
from petri import Chain, Experiment, experiment_route, get_config

import words


def extra_parameters():
    get_config().register("note", str)
    get_config().register("slack_password", str, sensitive=True)


class Study(Experiment):
    num_participants = 2

    def create_network(self):
        return Chain(max_size=2)

    @experiment_route("/double/<int:x>")
    def double(self, x):
        return {"doubled": words.TIMES * x}
"""
FILES = {
    "experiment.py": CODE,
    "words.py": "TIMES = 2\n",
    "config.txt": "[Experiment]\ntitle = Doubling\n",
    "README.md": "Doubles.\n",
    "templates/exp.html": '{% extends "layout.html" %}{% block body %}'
    '<img src="/static/images/owl.png" alt="">{{ config.title }} {{ mode }}{% endblock %}',
    "static/images/owl.png": "\x89not really an owl",
    "static/stories/owl.md": "An owl.\n",
}


def author_folder(place: Path, files: Mapping[str, str] | None = None) -> Path:
    """Write an experiment's folder; `files` are added to the default ones, or replace them."""
    for name, text in {**FILES, **(files or {})}.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return place


def staged(
    place: Path, files: Mapping[str, str] | None = None, *, environ: Mapping[str, str] | None = None
) -> StagedApp:
    """Stage such a folder below `place`, with `place` as the home of settings too."""
    home = place / "home"
    home.mkdir(parents=True, exist_ok=True)
    folder = author_folder(place / "double", files)
    return stage(folder, NAMES, place / "out", environ=environ or {}, home=home)


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder by its place."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def in_zip(package: Path) -> dict[str, bytes]:
    """Return every file in a zip by its place."""
    with zipfile.ZipFile(package) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def in_lambda(task: Path, code: str, environ: Mapping[str, str]) -> str:
    """Run code as Lambda would: with one folder to import from. Return what it prints."""
    script = f"import sys; sys.path.append({str(task)!r})\n{code}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", script],
        cwd=task,
        env={"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1", **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
