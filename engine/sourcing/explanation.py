"""The words in which a decision explains itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .plan import SourcingPlan
from .problem import Key

EXPLANATION_VERSION = 1
CHOSEN, NO_STOCK, DOMINATED, COSTLIER, TIE = CODES = (
    "chosen",
    "no_stock",
    "dominated",
    "costlier",
    "tie",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one site.

    :param site: key of the site
    :param code: 'chosen', 'no_stock', 'dominated', 'costlier' or 'tie' (lost by the tie rule)
    :param quantity: units of the order that the plan takes from the site
    :param coverage: units of the order that the site could serve
    :param costs: if chosen, the site's own share of the plan's cost by part
    :param alone_cost: cost of the order served from this site alone, the rest missing
    :param extra_cost: how much dearer than the chosen plan the best plan found is that takes at
        least one step from this site; None without stock, negative if the chosen plan was not
        the best
    :param extra_is_bound: ``extra_cost`` is that of a plan found quickly; a better one may exist
    :param dominated_by: key of a site that is at least as good for everything in this order
    """

    site: Key
    code: str
    quantity: float
    coverage: float
    costs: tuple[tuple[str, float], ...]
    alone_cost: float
    extra_cost: float | None
    extra_is_bound: bool
    dominated_by: Key | None


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

    :param verdicts: the chosen sites, then the best of the others, dearest last
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
        if data.get("version") != EXPLANATION_VERSION:
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
