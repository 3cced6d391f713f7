"""The solver HiGHS, which is optional: https://highs.dev, licence MIT, package `highspy`."""

from __future__ import annotations

from typing import Any


class SolverMissing(ImportError):
    """The package `highspy` is not there; the message says how to get it."""


def load() -> Any:
    """Import the solver.

    :raises SolverMissing: it cannot be imported
    """
    try:
        import highspy
    except ImportError as error:
        raise SolverMissing(
            "This needs the solver HiGHS, the Python package highspy: pip install highspy."
        ) from error
    return highspy


def available() -> bool:
    """Whether the solver can be used."""
    try:
        load()
    except SolverMissing:
        return False
    return True


def quiet(highspy: Any) -> Any:
    """A solver that prints nothing, its banner included, which comes before options can be set.

    :param highspy: the package, see :func:`load`
    """

    class Quiet(highspy.Highs):  # type: ignore[misc, name-defined]
        def enableCallbacks(self) -> Any:
            self.setOptionValue("output_flag", False)
            return super().enableCallbacks()

    return Quiet()
