"""What stock is worth at sites, as tables of products and sites."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engine.prices import Worth, worth, worth_together


@dataclass(frozen=True, eq=False)
class Values:
    """What stock of P products is worth at S sites; money in the currency of each site's company.

    All arrays have the shape (P, S); rows are products, columns are sites, as they were asked for.

    :param products: ``product.product``
    :param sites: ``oms.site``
    :param known: whether the site's company says what time and storage cost; where it does not,
        nothing is worth anything
    :param terms: what is reckoned with by company, ``res.company`` to :class:`~.Terms`
    :param price: what a unit earns when it is sold today
    :param cost: what a unit cost
    :param rate: units wanted per day
    :param variance: of the units wanted per day
    :param stock: units that are there or come and are not promised to anybody
    :param age: days for which what is there has been there, on average
    :param life: days until the goods are not sold there any more; infinite where no end is in sight
    """

    products: Any
    sites: Any
    known: np.ndarray
    terms: dict
    price: np.ndarray
    cost: np.ndarray
    rate: np.ndarray
    variance: np.ndarray
    stock: np.ndarray
    age: np.ndarray
    life: np.ndarray

    def next_unit(self) -> Worth:
        """What one more unit would be worth at each site: it is sold after what is there."""
        return self._worth(np.floor(self.stock) + 1.0, np.zeros(self.stock.shape))

    def last_unit(self) -> Worth:
        """What the unit is worth that is sold last of what is there, which is as old as that.

        That is what a site loses that gives one away. Where there is nothing, it is what one that
        is there after all would be worth.
        """
        return self._worth(np.maximum(np.floor(self.stock), 1.0), self.age)

    def all_units(self) -> np.ndarray:
        """What all that is there is worth together, money."""
        total = np.zeros(self.stock.shape)
        for columns, terms in self._columns():
            total[:, columns] = worth_together(
                terms,
                self.price[:, columns],
                self.rate[:, columns],
                np.floor(self.stock[:, columns]),
                self.age[:, columns],
                variance=self.variance[:, columns],
                life=self.life[:, columns],
            )
        return total

    def left_over(self) -> np.ndarray:
        """What a unit that is there brings if nobody ever buys it, its storage paid."""
        return self._worth(np.full(self.stock.shape, 1.0), self.age, 0.0).value

    def _columns(self):
        for company, terms in self.terms.items():
            yield np.array([site.company_id == company for site in self.sites], dtype=bool), terms

    def _worth(self, place, age, pace=1.0) -> Worth:
        parts = {name: np.zeros(self.stock.shape) for name in Worth.__dataclass_fields__}
        parts["days"].fill(np.nan)
        for columns, terms in self._columns():
            of_company = worth(
                terms,
                self.price[:, columns],
                self.rate[:, columns] * pace,
                place[:, columns],
                age[:, columns],
                variance=self.variance[:, columns] * pace,
                life=self.life[:, columns],
            )
            for name, part in parts.items():
                part[:, columns] = getattr(of_company, name)
        return Worth(**parts)
