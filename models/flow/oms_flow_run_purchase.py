from datetime import timedelta

import numpy as np

from odoo import fields, models

from ...engine.demand import law
from .flow_facts import number as json_number


class OmsFlowRun(models.Model):
    """What is to be bought, written down as proposals with what it is worth."""

    _inherit = "oms.flow.run"

    def _prepare_purchases(self, facts, offers, levels, found):
        """Return the values of the proposals to buy."""
        lines = [
            (order, line)
            for order in found.orders
            if order.outcome != "waits"
            for line in order.lines
            if line.quantity > 0
        ]
        if not lines:
            return []
        site_ids = facts.sites.ids
        places = facts.get_rows(
            [int(facts.product_ids[line.product]) for _order, line in lines],
            [site_ids[line.site] for _order, line in lines],
        )
        worth, risk = self._get_worth(facts, offers, lines)
        now = fields.Datetime.now().replace(microsecond=0)
        rows = []
        for number, (order, line) in enumerate(lines):
            parts = [[name, float(column[number])] for name, column in worth.items()]
            gain = sum(amount for _name, amount in parts)
            lead = line.alternatives[0].lead_days
            rows.append(
                {
                    "kind": "purchase",
                    "product_id": int(facts.product_ids[line.product]),
                    "site_id": site_ids[line.site],
                    "supplier_id": offers.partners[order.supplier].id,
                    "quantity_proposed": line.quantity,
                    "gain": gain,
                    "unit_gain": gain / line.quantity,
                    "cost": line.value,
                    "risk": float(risk[number]),
                    "site_before": line.held,
                    "site_after": line.held + line.quantity,
                    "site_rate": line.rate,
                    "leaves_at": now,
                    "arrives_at": now + timedelta(days=lead),
                    "explanation": {
                        "parts": parts,
                        "facts": {
                            **self._explain_purchase(offers, order, line),
                            "order_point": json_number(levels.low[places[number]]),
                            "order_up_to": json_number(levels.high[places[number]]),
                            "own": float(facts.rate[places[number]]),
                        },
                    },
                }
            )
        return rows

    def _get_worth(self, facts, offers, lines):
        """Return what purchases earn and cost over the days looked ahead, and their risk.

        :param lines: pairs of an order and one of its lines
        :return: money by name of the part, and the chance that something of it is left over after
            twice the time; each of shape (lines,)
        :rtype: tuple[dict[str, numpy.ndarray], numpy.ndarray]
        """
        horizon = float(self.plan_id.horizon_days)
        lead, held, units, price, rate, variance = (
            np.array(column, dtype=float)
            for column in zip(
                *(
                    (
                        line.alternatives[0].lead_days,
                        line.held,
                        line.quantity,
                        line.price,
                        line.rate,
                        line.variance,
                    )
                    for _order, line in lines
                ),
                strict=True,
            )
        )
        variance = np.maximum(variance, 0.0)

        def used(days):
            """Units of the purchase that are wanted in so many days."""
            without = law.loss(held, rate * days, variance * days)
            return without - law.loss(held + units, rate * days, variance * days)

        end = lead + horizon
        # Before it has come it spares nothing.
        missed = np.maximum(used(end) - used(lead), 0.0)
        left = units - (used(lead) + used(end)) / 2.0
        sold_for = np.array([float(facts.price[line.product]) for _order, line in lines])
        order_costs = [offers.suppliers[order.supplier].order_cost for order, _line in lines]
        counts = np.array([len(order.lines) for order, _line in lines])
        worth = {
            "saved": np.maximum(sold_for - price, 0.0) * missed,
            "holding": -np.maximum(left, 0.0) * price * self._get_holding_cost() * horizon,
            "order": -np.array(order_costs) / counts,
        }
        most = np.maximum(held + units - 1.0, 0.0)
        return worth, law.cdf(most, 2 * rate * end, 2 * variance * end)

    def _explain_purchase(self, offers, order, line):
        """Return what made a purchase, to be told in words."""
        supplier = offers.suppliers[order.supplier]
        return {
            "unit_price": line.price,
            "lead_days": line.alternatives[0].lead_days,
            "reason": line.reason,
            "outcome": order.outcome,
            "chance_short": line.chance_short,
            "wanted": line.wanted,
            "pack": offers.packs[line.offer],
            "order_value": order.value,
            "order_minimum": supplier.minimum_value,
            "order_cost": supplier.order_cost,
            "order_lines": len(order.lines),
            "rivals": [
                [offers.partners[each.supplier].name, each.price, each.lead_days]
                for each in line.alternatives[1:3]
                if each.verdict == "dearer"
            ],
        }
