import numpy as np

from odoo import fields, models

from ...engine import balancing

#: Parts of a gain that are paid for the way.
WAY_PARTS = ("fixed", "weight", "unit", "handling", "way")


class OmsProposal(models.Model):
    """What a proposal is worth follows its quantity when somebody edits it.

    The engine's curve says what more or less of a move earns, all others being made as they are
    proposed; what a shipment costs once stays what it is.
    """

    _inherit = "oms.proposal"

    risk_there = fields.Float(
        string="Left Over There",
        digits=(5, 4),
        readonly=True,
        aggregator="avg",
        help="How likely it is that the last unit is not sold where it goes before it counts as "
        "left over.",
    )

    def _follow_quantity(self):
        """Have all that depends on the quantity be that of the quantity as it was edited."""
        for proposal in self:
            proposal.write(proposal._prepare_amount())

    def _prepare_amount(self):
        """Return the values of a proposal that follow from its quantity.

        :rtype: dict
        """
        self.ensure_one()
        before = self._get_valued_quantity()
        vals = {"site_after": self.site_before + self.quantity}
        if self.origin_id:
            # Others may take of the same goods, too, or bring some.
            others = max(self.origin_before - self.origin_after - before, 0.0)
            vals["origin_after"] = self.origin_before - others - self.quantity
            others = max(self.site_after - self.site_before - before, 0.0)
            vals["site_after"] = self.site_before + others + self.quantity
        if before > 0.0:
            vals |= self._prepare_worth(before)
        return vals

    def _get_valued_quantity(self):
        """Return the quantity that the figures of the proposal are of."""
        explanation = self.explanation or {}
        return explanation.get("quantity") or self.quantity_proposed

    def _prepare_worth(self, before):
        """Return gain, costs and risks of a transfer for its quantity.

        :param float before: the quantity that the figures are of as they are
        """
        explanation, share = dict(self.explanation or {}), self.quantity / before
        curve, parts = explanation.get("curve"), dict(explanation.get("parts") or [])
        vals = {"weight": self.weight * share, "carbon_kg": self.carbon_kg * share}
        if not curve:
            # What more of it earns nobody knows: no more than what there is, and that the worst.
            more = self.gain if share > 1.0 else self.gain * share
            return {
                **vals,
                "gain": more,
                "unit_gain": more / self.quantity,
                "cost": self.cost * share,
                "explanation": {**explanation, "quantity": self.quantity},
            }
        amounts = self._get_amounts(curve, [before, self.quantity])
        for name, (old, new) in amounts.parts.items():
            if new != old or name in parts:
                parts[name] = parts.get(name, 0.0) + float(new - old)
        gain = sum(parts.values())
        return {
            **vals,
            "gain": gain,
            "unit_gain": gain / self.quantity,
            "cost": -sum(amount for name, amount in parts.items() if name in WAY_PARTS),
            "risk": float(np.clip(amounts.chance_here[1], 0.0, 1.0)),
            "risk_there": float(np.clip(1.0 - amounts.chance_there[1], 0.0, 1.0)),
            "explanation": {
                **explanation, "parts": list(parts.items()), "quantity": self.quantity,
            },
        }  # fmt: skip

    def _get_amounts(self, curve, quantities):
        """Return what quantities of a move are worth.

        :param dict curve: what a run wrote down
        :param quantities: units
        :rtype: balancing.Amounts
        """

        def column(name):
            nothing = np.nan if name == "order_point" else np.inf
            numbers = [nothing if number is None else number for number in curve[name]]
            return np.array(numbers, dtype=float)

        names = ("stock", "incoming", "rate", "variance", "age_days", "life", "days_left")
        names += ("order_point", "lead_days", "local")
        places = np.arange(2)
        problem = balancing.Problem(
            balancing.Network(
                (balancing.Site(self.origin_id.name), balancing.Site(self.site_id.name)),
                (balancing.Lane(0, 1, **curve["lane"]),),
            ),
            (balancing.Goods(self.product_id.display_name, **curve["goods"]),),
            balancing.Stocks(
                product=np.zeros(2, dtype=np.int64),
                site=places,
                **{name: column(name) for name in names if name in curve},
            ),
            balancing.Settings(**curve["settings"]),
        )
        return balancing.worth_of_move(problem, np.array(quantities, dtype=float))
