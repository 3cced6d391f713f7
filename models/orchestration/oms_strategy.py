import numpy as np

from odoo import fields, models

from ...engine.sourcing import CostPart, MissingCost


class OmsStrategy(models.Model):
    """What a plan costs: the prices by which the best sites of an order are found."""

    _name = "oms.strategy"
    _description = "Sourcing Strategy"
    _inherit = ["mail.thread"]
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Leave empty to share the strategy among companies."
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
        help="The currency of the prices below. Only their ratios decide; the decision shows the "
        "amounts in this currency.",
    )
    # Not monetary: prices of a thousandth matter where they are multiplied by units.
    parcel_cost = fields.Float(
        string="Cost per Parcel",
        digits=(16, 6),
        default=8.0,
        tracking=True,
        help="Charged once for each site that ships a part of the order.",
    )
    unit_cost = fields.Float(
        string="Cost per Unit",
        digits=(16, 6),
        default=0.4,
        tracking=True,
        help="Picking and packing of one unit, in the unit of measure of the product.",
    )
    unit_km_cost = fields.Float(
        string="Cost per Unit and Kilometer",
        digits=(16, 9),
        default=0.00035,
        tracking=True,
        help="Charged for each unit and each kilometer between the site and the customer.",
    )
    shortage_policy = fields.Selection(
        [
            ("fill", "Fill whatever can be filled"),
            ("price", "Leave unfilled what costs more than its penalty"),
        ],
        required=True,
        default="fill",
        tracking=True,
        help="Filling first: a missing unit counts more than the dearest way to ship it alone. At "
        "a price: a parcel once per order with something missing, and the dearest way of each "
        "missing unit, both times the missing factor; a small rest may then stay unfilled though "
        "a site has it.",
    )
    missing_factor = fields.Float(
        default=2.0,
        tracking=True,
        help="How many times its cost of shipping a missing unit counts.",
    )
    channel_ids = fields.One2many("oms.channel", "strategy_id", string="Channels")

    _costs_check = models.Constraint(
        "CHECK (parcel_cost >= 0 AND unit_cost >= 0 AND unit_km_cost >= 0)",
        "The costs of a strategy cannot be negative.",
    )
    _missing_factor_check = models.Constraint(
        "CHECK (missing_factor > 1 OR (shortage_policy = 'price' AND missing_factor > 0))",
        "To fill whatever can be filled, the missing factor must be above one: otherwise leaving "
        "goods unshipped would be cheaper than shipping them.",
    )
    _not_all_zero = models.Constraint(
        "CHECK (parcel_cost + unit_cost + unit_km_cost > 0)",
        "A strategy whose costs are all zero cannot tell one site from another.",
    )

    def _prepare_costs(self, sites, kilometers, least_missing, open_sites):
        """Translate the strategy into the engine's cost parts for one order.

        :param sites: ``oms.site`` recordset of S candidates
        :param kilometers: great-circle distance from each site to the customer, shape (S,)
        :param least_missing: the least that can be missing of each of the L order lines if
            anything is, in the unit of its product, shape (L,)
        :param open_sites: sites that pack a parcel for the order anyway; a further unit in it
            costs no further parcel
        :return: the cost parts and what leaving units unfilled costs, in the strategy's currency
        :rtype: tuple[tuple[CostPart, ...], MissingCost]
        """
        self.ensure_one()
        line_count = len(least_missing)
        no_parcel = np.zeros(len(sites))
        no_unit = np.zeros((line_count, len(sites)))
        parcel, handling = self._get_site_costs(sites)
        dearest_parcel = float(parcel.max(initial=0.0))
        parcel[np.isin(sites.ids, open_sites.ids)] = 0.0
        way = self.unit_km_cost * kilometers
        parts = (
            CostPart("parcel", parcel, no_unit),
            CostPart("handling", no_parcel, np.tile(handling, (line_count, 1))),
            CostPart("distance", no_parcel, np.tile(way, (line_count, 1))),
        )
        dearest_unit = float((handling + way).max(initial=0.0))
        return parts, self._prepare_missing_cost(dearest_parcel, dearest_unit, least_missing)

    def _get_site_costs(self, sites):
        """Return what a parcel and a unit cost at each site, in the strategy's currency.

        :return: two arrays of shape (S,)
        :rtype: tuple[numpy.ndarray, numpy.ndarray]
        """
        today = fields.Date.context_today(self)
        extra = np.array(
            [(site.parcel_cost, site.unit_cost) for site in sites], dtype=float
        ).reshape(len(sites), 2)
        for company, of_company in sites.grouped("company_id").items():
            rate = company.currency_id._get_conversion_rate(
                company.currency_id, self.currency_id, company, today
            )
            extra[np.isin(sites.ids, of_company.ids)] *= rate
        return self.parcel_cost + extra[:, 0], self.unit_cost + extra[:, 1]

    def _prepare_missing_cost(self, dearest_parcel, dearest_unit, least_missing):
        """Say what leaving units unfilled costs, by the shortage policy.

        :param float dearest_parcel: cost of a parcel at the site where it costs most
        :param float dearest_unit: cost of a unit from the site from where it costs most
        :param least_missing: see :meth:`_prepare_costs`
        """
        if self.shortage_policy == "price":
            return MissingCost(
                self.missing_factor * self.parcel_cost,
                np.full(len(least_missing), self.missing_factor * dearest_unit),
            )
        # Half a kilogram must weigh as much as the parcel that would be opened for it.
        parcel_share = dearest_parcel / np.minimum(least_missing, 1.0)
        return MissingCost(0.0, self.missing_factor * (parcel_share + dearest_unit))
