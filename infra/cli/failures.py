"""How a command fails: where, what, and what now, in three lines; the traceback only with `--verbose`."""

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
#: Ends of the part of a message that says what is wrong; what follows the last one says what to do.
_END_OF_WHAT = re.compile(r"(?<=[.!?])\s+(?=\S)|;\s+")


@dataclass(frozen=True)
class Failure:
    """What somebody at a terminal needs to know about a failure."""

    where: str
    what: str
    now: str

    @classmethod
    def of(cls, error: BaseException, where: str) -> Failure:
        """Read a failure from an error; `where`: the command and what it worked on."""
        if isinstance(error, PetriError):
            return cls(where, *_what_and_now(str(error)))
        if (refused := _of_aws(error)) is not None:
            return cls(where, *_what_and_now(str(refused)))
        if isinstance(error, OSError) and error.strerror:
            named = f"{error.filename}: " if error.filename else ""
            return cls(
                where, f"{named}{error.strerror}.", "Check the path and what you may read and write there."
            )
        place = _innermost(error)
        what = f"{type(error).__name__} at {place}: {error}" if place else f"{type(error).__name__}: {error}"
        return cls(
            where, what, "If the code there isn't yours, please report it with the output of --verbose."
        )

    def __str__(self) -> str:
        return f"where: {self.where}\nwhat:  {self.what}\nnow:   {self.now}"


def plainly(command: Callable[..., None], name: str = "") -> Callable[..., None]:
    """Give a command `--verbose`, and make it end with exit code 1 and three lines where it raises.

    `name`: as it is typed, where that isn't the function's own.
    """

    @functools.wraps(command)
    def told(*arguments: Any, verbose: bool = False, **options: Any) -> None:
        try:
            with shown(verbose=verbose), _real_interrupts():
                command(*arguments, **options)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            # The last door of the command line: whatever it is, it is told and ends the command.
            tell(error, _where(name or command.__name__, options), verbose=verbose)
            raise typer.Exit(FAILED) from error

    own = inspect.signature(command, eval_str=True)
    flag = inspect.Parameter("verbose", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Verbose)
    told.__signature__ = own.replace(parameters=[*own.parameters.values(), flag])  # type: ignore[attr-defined]
    return told


@contextmanager
def _real_interrupts() -> Iterator[None]:
    """Mark what Ctrl-C raises: the same exception raised by an author's code is an error like others."""
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
    """Print a failure, with its traceback when that was asked for."""
    console = err()
    if verbose:
        console.print("".join(traceback.format_exception(error)), markup=False, end="")
    console.print(str(Failure.of(error, where)), markup=False)


def _where(name: str, options: dict[str, Any]) -> str:
    words = ["petri", name]
    words += [str(options[each]) for each in ("directory", "name", "archive", "app") if options.get(each)]
    return " ".join(words)


def _of_aws(error: BaseException) -> PetriError | None:
    """Return in plain words what AWS's client raised; None for everything that it didn't."""
    if not type(error).__module__.startswith("botocore."):
        return None
    # Lazy import: only what has used AWS's client raises its errors.
    from infra.aws.account.aws_errors import REFUSALS, problem

    return problem(error) if isinstance(error, REFUSALS) else None


def _what_and_now(message: str) -> tuple[str, str]:
    message = message.strip()
    if "\n" in message:
        listed = "\n       ".join(message.splitlines())
        return listed, "Mend what is listed and run the command again."
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
