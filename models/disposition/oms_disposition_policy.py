import math

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...engine.prices import Terms


class OmsDispositionPolicy(models.Model):
    """What a company reckons with when it decides what becomes of returned goods.

    All money is in the currency of the company whose goods they are.
    """

    _name = "oms.disposition.policy"
    _description = "Disposition Policy"
    _inherit = ["mail.thread"]
    _order = "company_id, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: for all companies without a policy of their own."
    )
    sales_weeks = fields.Integer(
        string="Weeks of Sales Looked at",
        default=13,
        tracking=True,
        help="The pace at which goods sell at a site is that of so many past weeks.",
    )
    horizon_days = fields.Integer(
        string="Days to Sell",
        default=180,
        tracking=True,
        help="After so many days a unit counts as left over.",
    )
    decline_percent = fields.Float(
        string="Price Lost per Week (%)",
        default=1.0,
        digits=(6, 2),
        tracking=True,
        help="By how much the price of goods falls from one week to the next.",
    )
    interest_percent = fields.Float(
        string="Interest per Year (%)", default=8.0, digits=(6, 2), tracking=True
    )
    holding_percent = fields.Float(
        string="Storage per Year (%)",
        default=10.0,
        digits=(6, 2),
        tracking=True,
        help="What it costs to keep goods for a year, in percent of their price.",
    )
    salvage_percent = fields.Float(
        string="Left Over Brings (%)",
        default=10.0,
        digits=(6, 2),
        tracking=True,
        help="What goods that are left over in the end still bring, in percent of their price.",
    )
    outdated_days = fields.Integer(
        string="Days until Outdated",
        default=365,
        tracking=True,
        help="Stock of this age counts as left over; zero when age does not matter.",
    )
    handling_cost = fields.Float(
        string="Putting Away a Unit", default=0.5, digits=(16, 4), tracking=True
    )
    dispatch_cost = fields.Float(
        string="Picking and Packing a Unit", default=0.8, digits=(16, 4), tracking=True
    )
    shipment_cost = fields.Float(
        string="Shipment between Sites",
        digits=(16, 4),
        tracking=True,
        help="Charged once for all goods that go from one site to another together; zero where a "
        "truck goes anyway.",
    )
    transfer_kg_cost = fields.Float(
        string="Transport per kg", default=0.2, digits=(16, 6), tracking=True
    )
    transfer_kg_km_cost = fields.Float(
        string="Transport per kg and km", default=0.0003, digits=(16, 6), tracking=True
    )
    kilometers_per_day = fields.Float(
        string="Kilometers a Day", default=400.0, digits=(8, 1), tracking=True
    )
    carbon_price = fields.Float(
        string="Carbon Price per Tonne", default=100.0, digits=(16, 2), tracking=True
    )
    emission_factor_id = fields.Many2one(
        "oms.emission.factor",
        string="Transport Emissions",
        domain="[('mode', '!=', 'hub')]",
        ondelete="restrict",
        help="How goods travel between sites where the site does not say otherwise.",
    )
    default_weight = fields.Float(
        string="Weight if Unknown (kg)", default=1.0, digits="Stock Weight"
    )
    scrap_cost = fields.Float(string="Scrapping a Unit", default=0.5, digits=(16, 4), tracking=True)
    donates = fields.Boolean(
        string="Donates Goods", tracking=True, help="Whether goods may be given away."
    )
    donation_percent = fields.Float(
        string="Donation Brings (%)",
        digits=(6, 2),
        tracking=True,
        help="What a donation saves in taxes, in percent of the cost of the goods.",
    )
    visit_km_cost = fields.Float(
        string="Customer's Way per km",
        default=0.1,
        digits=(16, 4),
        tracking=True,
        help="What a kilometer counts that a customer travels to bring goods back.",
    )
    parcel_cost = fields.Float(
        string="Return Parcel",
        default=5.0,
        digits=(16, 4),
        tracking=True,
        help="What a parcel from a customer costs, wherever it goes.",
    )

    _company_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0)) WHERE active", "The company has a policy already."
    )
    _days_check = models.Constraint(
        "CHECK (sales_weeks BETWEEN 1 AND 104 AND horizon_days BETWEEN 1 AND 3650 "
        "AND kilometers_per_day > 0 AND default_weight > 0 AND COALESCE(outdated_days, 0) >= 0)",
        "Weeks, days, kilometers a day and weights are above zero, and weeks up to 104.",
    )
    _percent_check = models.Constraint(
        "CHECK (decline_percent >= 0 AND decline_percent < 100 "
        "AND COALESCE(interest_percent, 0) BETWEEN 0 AND 100 "
        "AND COALESCE(holding_percent, 0) BETWEEN 0 AND 1000 "
        "AND COALESCE(salvage_percent, 0) BETWEEN 0 AND 100 "
        "AND COALESCE(donation_percent, 0) BETWEEN 0 AND 100)",
        "Percentages run from 0 to 100.",
    )
    _costs_check = models.Constraint(
        "CHECK (LEAST(COALESCE(handling_cost, 0), COALESCE(dispatch_cost, 0), "
        "COALESCE(shipment_cost, 0), COALESCE(transfer_kg_cost, 0), "
        "COALESCE(transfer_kg_km_cost, 0), COALESCE(carbon_price, 0), COALESCE(scrap_cost, 0), "
        "COALESCE(visit_km_cost, 0), COALESCE(parcel_cost, 0)) >= 0)",
        "Costs are not negative.",
    )

    @api.model
    def _find_policy(self, company):
        """Return the policy of a company, which may be that of all; empty if there is none.

        :param company: ``res.company``
        """
        # sudo: the policy counts for whoever works at a site
        return self.sudo().search(
            [("company_id", "in", (company.id, False))], order="company_id, id", limit=1
        )

    @api.model
    def _get_policy(self, company):
        """Return the policy of a company.

        :param company: ``res.company``
        :raises UserError: there is none
        """
        policy = self._find_policy(company)
        if not policy:
            raise UserError(
                self.env._(
                    "Nothing says what handling, transport and time cost: make a policy in "
                    "Configuration ‣ Disposition Policies."
                )
            )
        return policy

    def _get_terms(self):
        """Return what stock is valued by: the same for sourcing, balancing and disposition.

        :rtype: Terms
        """
        self.ensure_one()
        return Terms(
            horizon=float(self.horizon_days),
            decline=-math.log1p(-self.decline_percent / 100.0) / 7.0,
            interest=self.interest_percent / 100.0 / 365.0,
            holding=self.holding_percent / 100.0 / 365.0,
            salvage=self.salvage_percent / 100.0,
            outdated=float(self.outdated_days),
        )
