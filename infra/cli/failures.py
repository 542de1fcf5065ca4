"""Reports a command's failure in three lines (where, what, now), with a traceback only for `--verbose`."""

from __future__ import annotations

import functools
import inspect
import re
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import typer

from chalicelib.errors import Interrupted, PetriError
from infra.local.logs import shown

from .options import Verbose
from .output import err

FAILED = 1
INTERRUPTED = 130
#: Matches sentence ends; the text after the last one says what to do.
_END_OF_WHAT = re.compile(r"(?<=[.!?])\s+(?=\S)|;\s+")


@dataclass(frozen=True)
class Failure:
    """A failure as it is shown at a terminal."""

    where: str
    what: str
    now: str

    @classmethod
    def of(cls, error: BaseException, where: str) -> Failure:
        """Build a failure from an error; `where`: the command and its target."""
        if isinstance(error, PetriError):
            return cls(where, *_what_and_now(str(error)))
        if (refused := _of_aws(error)) is not None:
            return cls(where, *_what_and_now(str(refused)))
        if isinstance(error, OSError) and error.strerror:
            named = f"{error.filename}: " if error.filename else ""
            return cls(where, f"{named}{error.strerror}.", "Check the path and your permissions for it.")
        place = _innermost(error)
        what = f"{type(error).__name__} at {place}: {error}" if place else f"{type(error).__name__}: {error}"
        return cls(where, what, "If this isn't in your own code, report it with the output of --verbose.")

    def __str__(self) -> str:
        return f"where: {self.where}\nwhat:  {self.what}\nnow:   {self.now}"


def plainly(command: Callable[..., None], name: str = "") -> Callable[..., None]:
    """Add `--verbose` to a command, and turn what it raises into three lines and exit code 1.

    `name`: the command's name on the command line, if it differs from the function's.
    """

    @functools.wraps(command)
    def wrapper(*arguments: Any, verbose: bool = False, **options: Any) -> None:
        try:
            with shown(verbose=verbose), _real_interrupts():
                command(*arguments, **options)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            # The outermost handler of the command line: every error is reported and ends the command.
            tell(error, _where(name or command.__name__, options), verbose=verbose)
            raise typer.Exit(FAILED) from error

    own = inspect.signature(command, eval_str=True)
    flag = inspect.Parameter("verbose", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Verbose)
    wrapper.__signature__ = own.replace(parameters=[*own.parameters.values(), flag])  # type: ignore[attr-defined]
    return wrapper


@contextmanager
def _real_interrupts() -> Iterator[None]:
    """Raise Interrupted for Ctrl-C: a KeyboardInterrupt from an author's code is an ordinary error."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler or not _is_main_thread():
        yield
        return
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise Interrupted


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def tell(error: BaseException, where: str, *, verbose: bool) -> None:
    """Print a failure, with its traceback if `verbose`."""
    console = err()
    if verbose:
        console.print("".join(traceback.format_exception(error)), markup=False, end="")
    console.print(str(Failure.of(error, where)), markup=False)


def _where(name: str, options: dict[str, Any]) -> str:
    words = ["petri", name]
    words += [str(options[each]) for each in ("directory", "name", "archive", "app") if options.get(each)]
    return " ".join(words)


def _of_aws(error: BaseException) -> PetriError | None:
    """Translate an error of the AWS client; None for any other error."""
    if not type(error).__module__.startswith("botocore."):
        return None
    # Lazy import: only code that has used the AWS client raises its errors.
    from infra.aws.account.aws_errors import REFUSALS, problem

    return problem(error) if isinstance(error, REFUSALS) else None


def _what_and_now(message: str) -> tuple[str, str]:
    message = message.strip()
    if "\n" in message:
        listed = "\n       ".join(message.splitlines())
        return listed, "Fix these problems and run the command again."
    ends = list(_END_OF_WHAT.finditer(message))
    if not ends:
        return message, "Run the command again with --verbose to see where it happened."
    last = ends[-1]
    what, now = message[: last.start()], message[last.end() :]
    what = what.rstrip(".;")
    return what if what.endswith(("?", "!")) else f"{what}.", now[:1].upper() + now[1:]


def _innermost(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
