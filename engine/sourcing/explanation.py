"""The words in which a decision explains itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .plan import SourcingPlan
from .problem import Key

EXPLANATION_VERSION = 2
READABLE_VERSIONS = (1, EXPLANATION_VERSION)
CHOSEN, NO_STOCK, DOMINATED, COSTLIER, TIE, LIMITED, BARRED = CODES = (
    "chosen",
    "no_stock",
    "dominated",
    "costlier",
    "tie",
    "limited",
    "barred",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one site.

    :param site: key of the site
    :param code: 'chosen', 'no_stock', 'dominated', 'costlier', 'tie' (lost by the tie rule),
        'limited' (a limit keeps it out: no plan found keeps the limits and uses it, or without
        limits it would have been chosen) or 'barred' (never became a candidate)
    :param quantity: units of the order that the plan takes from the site
    :param coverage: units of the order that the site could serve
    :param costs: if chosen, the site's own share of the plan's cost by part
    :param alone_cost: cost of the order served from this site alone, the rest missing, limits
        aside; None if the site was barred
    :param extra_cost: how much dearer than the chosen plan the best plan found is that takes at
        least one step from this site and keeps the limits; None if there is none, negative if
        the chosen plan was not the best
    :param extra_is_bound: ``extra_cost`` is that of a plan found quickly; a better one may exist
    :param dominated_by: key of a site that is at least as good for everything in this order
    :param reason: if barred, why; if limited, the limit in the way, where that is known
    :param detail: if barred, a sentence that says it in full
    """

    site: Key
    code: str
    quantity: float
    coverage: float
    costs: tuple[tuple[str, float], ...]
    alone_cost: float | None
    extra_cost: float | None
    extra_is_bound: bool
    dominated_by: Key | None
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """The best plan that does without at least one of the chosen sites.

    :param plan: the plan
    :param margin: how much dearer it is than the chosen one
    """

    plan: SourcingPlan
    margin: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a plan was chosen.

    :param verdicts: the chosen sites, then the best of the others, dearest last, then barred ones
    :param others: how many further sites there are, by code
    :param runner_up: the best plan that does without at least one of the chosen sites; None if
        no site was chosen
    """

    verdicts: tuple[Verdict, ...]
    others: tuple[tuple[str, int], ...]
    runner_up: RunnerUp | None

    def to_dict(self) -> dict[str, Any]:
        """Compact form fit for JSON."""
        return {
            "version": EXPLANATION_VERSION,
            "verdicts": [
                [
                    v.site,
                    v.code,
                    v.quantity,
                    v.coverage,
                    [list(item) for item in v.costs],
                    v.alone_cost,
                    v.extra_cost,
                    v.extra_is_bound,
                    v.dominated_by,
                    v.reason,
                    v.detail,
                ]
                for v in self.verdicts
            ],
            "others": dict(self.others),
            "runner_up": self.runner_up
            and {"plan": self.runner_up.plan.to_dict(), "margin": self.runner_up.margin},
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Explanation:
        """Rebuild an explanation from :meth:`to_dict`.

        :raises ValueError: the data are of another version
        """
        if data.get("version") not in READABLE_VERSIONS:
            raise ValueError(f"Unknown version of an explanation: {data.get('version')!r}.")
        runner_up = data["runner_up"]
        return cls(
            verdicts=tuple(
                Verdict(*row[:4], tuple((name, amount) for name, amount in row[4]), *row[5:])
                for row in data["verdicts"]
            ),
            others=tuple(data["others"].items()),
            runner_up=runner_up
            and RunnerUp(SourcingPlan.from_dict(runner_up["plan"]), runner_up["margin"]),
        )
