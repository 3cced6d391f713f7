import math

from odoo import fields, models

from ...engine.preparation import Limits


class OmsPreparationOption(models.AbstractModel):
    """How waves are made: what goes together, and how much of it.

    Shared by rules and by the dialog in which people make waves by hand.
    """

    _name = "oms.preparation.option"
    _description = "Options of Preparation Waves"

    group_cutoff = fields.Boolean(
        string="By Cut-Off",
        default=True,
        help="A wave holds only what has to leave at the same time: with the same pickup of the "
        "carrier, or on the same day of the site.",
    )
    group_carrier = fields.Boolean(
        string="By Carrier", help="A wave holds only what goes with the same delivery method."
    )
    group_zone = fields.Boolean(
        string="By Zone",
        help="A wave holds only what lies in the same zone: the places right below the stock of "
        "the warehouse. Orders that take goods from several zones are waves of their own.",
    )
    group_size = fields.Boolean(
        string="By Size",
        help="Orders of one unit, of one line and of several lines are kept apart.",
    )
    most_orders = fields.Integer(
        string="Most Orders per Wave",
        default=12,
        help="As many bins as the picker takes along. 0 is no limit.",
    )
    most_lines = fields.Integer(string="Most Lines per Wave", help="0 is no limit.")
    most_units = fields.Float(
        string="Most Units per Wave", digits="Product Unit", help="0 is no limit."
    )
    most_weight = fields.Float(
        string="Most Weight per Wave",
        digits="Stock Weight",
        help="Of the goods, in the unit of weight of the products. 0 is no limit.",
    )
    most_waves = fields.Integer(
        string="Most Pickers",
        help="Waves that are open at a site at the same time, each picked by one person. 0 is no "
        "limit.",
    )
    only_reserved = fields.Boolean(
        string="Only Fully Reserved",
        default=True,
        help="What still waits for some of its goods is left out. Without it, what is reserved at "
        "least in part is prepared.",
    )

    _most_check = models.Constraint(
        "CHECK (COALESCE(most_orders, 0) >= 0 AND COALESCE(most_lines, 0) >= 0 "
        "AND COALESCE(most_units, 0) >= 0 AND COALESCE(most_weight, 0) >= 0 "
        "AND COALESCE(most_waves, 0) >= 0)",
        "What a wave may hold cannot be negative.",
    )

    def _get_limits(self, open_waves=0):
        """Put what a wave may hold into the engine's words.

        :param int open_waves: at the site already
        :rtype: Limits
        """
        self.ensure_one()
        return Limits(
            orders=self.most_orders or math.inf,
            lines=self.most_lines or math.inf,
            units=self.most_units or math.inf,
            weight=self.most_weight or math.inf,
            waves=max(self.most_waves - open_waves, 0) if self.most_waves else math.inf,
        )
