"""The error that stops a command on the operator's machine."""

from __future__ import annotations

from chalicelib.errors import PetriError


class OperatorProblem(PetriError):
    """A command on the operator's machine can't continue; the message says why and what to do."""

    code = "aws_problem"
