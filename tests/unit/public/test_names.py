"""What an author imports says `petri`: in `__module__`, in tracebacks and in the text of errors."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Iterator
from types import FunctionType, ModuleType

import pytest

import chalicelib.experiment
import chalicelib.model
import petri
import petri.data
import petri.errors
import petri.prop
import petri.report
from chalicelib.experiment.bots import api_client

#: The modules that authors and readers of data import.
PUBLIC: list[ModuleType] = [petri, petri.data, petri.errors, petri.prop, petri.report]


def descendants(cls: type) -> Iterator[type]:
    for child in cls.__subclasses__():
        yield child
        yield from descendants(child)


def exported(module: ModuleType) -> dict[str, object]:
    return {name: getattr(module, name) for name in module.__all__}


@pytest.mark.parametrize("module", PUBLIC, ids=lambda module: module.__name__)
def test_an_exported_class_or_function_names_a_module_that_it_can_be_imported_from(module: ModuleType):
    for name, value in exported(module).items():
        if isinstance(value, type | FunctionType):
            home = importlib.import_module(value.__module__)
            assert home.__name__.partition(".")[0] == "petri", name
            assert getattr(home, value.__name__) is value


def test_the_repr_of_a_class_and_its_hooks_names_petri():
    assert repr(petri.Experiment) == "<class 'petri.Experiment'>"
    assert repr(petri.HighPerformanceBotBase) == "<class 'petri.HighPerformanceBotBase'>"


def test_every_error_of_the_model_and_the_experiment_can_be_imported_from_petri_errors():
    known = set(exported(petri.errors).values())
    packages = tuple(f"{package.__name__}." for package in (chalicelib.experiment, chalicelib.model))
    missing = [error for error in descendants(petri.PetriError) if error.__module__.startswith(packages)]
    assert missing == []
    assert {petri.PetriError, petri.NetworkBusy, api_client.BotError} <= known


def test_the_last_line_of_a_traceback_names_petri():
    with pytest.raises(petri.errors.RuleBroken) as caught:
        petri.prop.integer(6)
    last = traceback.format_exception_only(caught.value)[-1]
    assert last.startswith("petri.errors.RuleBroken: A record has property1 to property5")


def test_typed_properties_can_be_imported_as_a_module():
    assert importlib.import_module("petri.prop") is petri.prop
    assert petri.prop.integer.__module__ == "petri.prop"
