"""What became of the steps of a test run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

ALLOWED_SKIP = "data folder"
_KINDS = ("failed", "passed", "skipped", "xfailed", "xpassed", "error")


@dataclass
class Result:
    """What became of one step.

    :param name: the step.
    :param seconds: how long it took.
    :param problems: why it failed, empty if it did not; the first line of each is shown.
    :param counts: counts of tests by outcome, for steps that ran some.
    """

    name: str
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def tests_failed(self) -> bool:
        """Whether its failure already shows in the counts."""
        return bool(self.counts.get("failed") or self.counts.get("error"))


def forbidden_skips(skips: Iterable[dict[str, str]]) -> list[str]:
    """Skipped tests that should have run.

    A test may be skipped for one reason: it reads a folder of data outside of the project, and
    says so by the words “data folder” in its reason.

    :param skips: each with `test` and `reason`.
    """
    return [
        f"skipped: {each['test']} ({each['reason']})"
        for each in skips
        if ALLOWED_SKIP not in each["reason"]
    ]


def closing_line(results: Iterable[Result], seconds: float, width: int = 80) -> str:
    """One line in the form of pytest's, for all steps together.

    A step that failed without a failing test (a linter, the log, the round trip) is an error.

    :param results: all steps.
    :param seconds: time of the whole run.
    :param width: number of characters to fill.
    """
    total = dict.fromkeys(_KINDS, 0)
    for result in results:
        for kind, count in result.counts.items():
            total[kind] += count
        if result.problems and not result.tests_failed:
            total["error"] += 1
    parts = [f"{count} {_named(kind, count)}" for kind, count in total.items() if count]
    text = f" {', '.join(parts) or 'no tests ran'} in {seconds:.2f}s{_clock(seconds)} "
    return text.center(width, "=")


def _named(kind: str, count: int) -> str:
    return "errors" if kind == "error" and count > 1 else kind


def _clock(seconds: float) -> str:
    if seconds < 60:
        return ""
    hours, rest = divmod(int(seconds), 3600)
    return f" ({hours}:{rest // 60:02}:{rest % 60:02})"


def table(results: Iterable[Result]) -> list[str]:
    """A line for each step: verdict, seconds, counts."""
    lines = []
    for result in results:
        counts = ", ".join(f"{count} {kind}" for kind, count in result.counts.items() if count)
        verdict = "FAILED" if result.problems else "ok"
        lines.append(f"  {verdict:<7}{result.name:<46}{result.seconds:7.1f} s  {counts}".rstrip())
    return lines
