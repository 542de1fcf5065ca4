"""The docstrings that the reference is made from: every argument, result and error, and examples that run."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest

import petri
import petri.data
import petri.errors
import petri.prop
import petri.report
from chalicelib.experiment.bots.base_bot import BaseBot
from chalicelib.experiment.bots.http_bot import HttpBot
from chalicelib.model.record import Record
from chalicelib.model.run_records import Notification, Payment, Recruitment

PUBLIC = (petri, petri.data, petri.errors, petri.prop, petri.report)


#: The classes whose methods the reference shows; a method that overrides one of theirs is explained there.
DOCUMENTED = (
    petri.Experiment,
    Record,
    petri.Info,
    petri.Network,
    petri.Node,
    petri.Participant,
    petri.Question,
    petri.Transformation,
    petri.Transmission,
    petri.Vector,
    Notification,
    Payment,
    Recruitment,
    petri.Environment,
    petri.Source,
    BaseBot,
    HttpBot,
    petri.HighPerformanceBotBase,
    petri.BotBase,
)


def public_functions() -> dict[str, FunctionType]:
    """Return the functions that `petri` exports, and the constructors and public methods of classes."""
    exported = {name: getattr(petri, name) for name in petri.__all__}
    functions = {name: value for name, value in exported.items() if inspect.isfunction(value)}
    for documented in DOCUMENTED:
        for name, value in vars(documented).items():
            function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
            is_public = name == "__init__" or not name.startswith("_")
            if inspect.isfunction(function) and is_public:
                functions[f"{documented.__name__}.{name}"] = function
    return functions


FUNCTIONS = public_functions()


def part(function: Callable[..., Any], title: str) -> str:
    """Return a section of a docstring, such as Args; empty when there is none."""
    text = inspect.getdoc(function) or ""
    found = re.search(rf"^{title}:\n((?:    .*\n?|\n(?=    ))+)", text, re.MULTILINE)
    return found[1] if found else ""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_docstring_of_a_public_function_explains_each_argument(name: str):
    function = FUNCTIONS[name]
    arguments = [each for each in inspect.signature(function).parameters if each not in ("self", "cls")]
    explained = re.findall(r"^    \*{0,2}(\w+): \S", part(function, "Args"), re.MULTILINE)
    assert explained == arguments


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_docstring_of_a_public_function_explains_what_it_returns(name: str):
    function = FUNCTIONS[name]
    returns_nothing = inspect.signature(function).return_annotation in ("None", None)
    assert bool(part(function, "Returns")) != returns_nothing


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_error_that_a_docstring_names_can_be_imported(name: str):
    for error in re.findall(r"^    (\w+): ", part(FUNCTIONS[name], "Raises"), re.MULTILINE):
        assert issubclass(getattr(petri.errors, error), petri.PetriError)


def modules_of_public_names() -> list[str]:
    """List the modules whose code defines what the public modules export."""
    homes = {module.__name__ for module in PUBLIC}
    for module in PUBLIC:
        for name in module.__all__:
            code = inspect.unwrap(getattr(module, name)) if name != "__version__" else None
            members = [code, *vars(code).values()] if isinstance(code, type) else [code]
            homes |= {each.__globals__["__name__"] for each in members if inspect.isfunction(each)}
    return sorted(homes)


def test_the_examples_in_public_docstrings_print_what_they_say():
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner(verbose=False)
    found = []
    for module in map(importlib.import_module, modules_of_public_names()):
        for value in vars(module).values():
            home = getattr(value, "__module__", None)
            if inspect.isfunction(value) or inspect.isclass(value):
                is_own = home == module.__name__ or str(home).partition(".")[0] == "petri"
                found += finder.find(value, globs=vars(module).copy(), module=False) if is_own else []
    examples = [each for each in found if each.examples]
    assert {"table", "figure", "Experiment.make_uuid"} <= {each.name for each in examples}
    for example in examples:
        said: list[str] = []
        assert runner.run(example, out=said.append).failed == 0, "".join(said)
