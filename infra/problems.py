"""What stops a command on the operator's machine: what is wrong, and what to do."""

from __future__ import annotations

from chalicelib.errors import PetriError


class OperatorProblem(PetriError):
    """AWS didn't do what was asked of it; the message says why and what to do."""

    code = "aws_problem"
