"""Tells whether an experiment is a study, without importing what studies need."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from chalicelib.experiment.experiment import Experiment

if TYPE_CHECKING:
    from chalicelib.study.study import Study


def as_study(experiment: Experiment) -> Study | None:
    """Return the experiment if it is a study, else None."""
    return experiment if is_study_class(type(experiment)) else None  # type: ignore[return-value]


def is_study_class(experiment_class: type[Experiment]) -> bool:
    """Whether the experiments of a class are studies: their module has been imported then."""
    module = sys.modules.get("chalicelib.study.study")
    return module is not None and issubclass(experiment_class, module.Study)
