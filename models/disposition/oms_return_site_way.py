from odoo import fields, models
from odoo.tools import SQL

from ...engine import carbon
from ...engine.disposition import Cost
from ..carrier.delivery_carrier_rates import Leg
from ..returns.oms_return_way import BY_CARRIER

#: A site that does not open, or has more to take in, for so many days is left out.
MOST_DAYS = 14


class OmsReturn(models.Model):
    """What the way to a site costs: the carrier's rate if it is known, and the time until it can.

    A site that is closed when the goods come, or has more returns before it than it takes in in a
    day, has them wait, and they lose value meanwhile.
    """

    _inherit = "oms.return"

    def _leave_out_closed(self, sites):
        """Leave out sites that cannot take goods in for long, unless that leaves none.

        :param sites: ``oms.site``
        :return: the sites, and the days until each takes the goods in from when they come
        :rtype: tuple
        """
        moment = fields.Datetime.now() if self.way == "dropoff" else self._get_expected_at()
        openings = sites._get_openings(moment, days=MOST_DAYS)
        backlog = sites._get_return_backlog()
        waits = {}
        for site in sites:
            opening = openings[site]
            closed = 0.0
            if not opening.is_open:
                opens = opening.opens_at
                closed = (opens - moment).total_seconds() / 86400 if opens else float("inf")
            waits[site] = max(closed, 0.0) + backlog.get(site, 0.0)
        able = sites.filtered(lambda site: waits[site] <= MOST_DAYS)
        if not able:
            return sites, {site: min(days, MOST_DAYS) for site, days in waits.items()}
        return able, waits

    def _get_waiting_cost(self, policy, facts, lines, days):
        """Charge what goods lose while they wait for a site to take them in."""
        terms = policy._get_terms()
        lost = min((terms.decline + terms.interest) * days, 1.0)
        worth = sum(facts.prices[line.product_id] * line.quantity for line in lines)
        return Cost("waiting", worth * lost)

    def _get_way_costs(self, policy, facts, lines, site, kilometers):
        """Return what the way from the customer to a site costs.

        :rtype: tuple[Cost, ...]
        """
        if self.way == "dropoff":
            return (Cost("visit", policy.visit_km_cost * kilometers),)
        kilograms = sum(facts.kilograms[line.product_id] * line.quantity for line in lines)
        known = self._get_carrier_price(site, kilograms)
        if known is None:
            by_weight = policy.transfer_kg_cost + policy.transfer_kg_km_cost * kilometers
            costs = (Cost("parcel", policy.parcel_cost), Cost("transport", kilograms * by_weight))
        else:
            costs = (Cost("parcel", known),)
        factor = site.emission_factor_id or policy.emission_factor_id
        if not factor:
            return costs
        emitted = carbon.transport_kg(kilograms, kilometers, factor._get_transport())
        return (*costs, Cost("carbon", float(carbon.price(emitted, policy.carbon_price))))

    def _get_carrier_price(self, site, kilograms):
        """Return what a carrier takes for a parcel from the customer to a site, if it is known.

        Nobody is called: what is not known is asked for by a task, for the next return.

        :return: money in the currency of the company; None where it is not known
        :rtype: float | None
        """
        if self.way not in BY_CARRIER:
            return None
        # sudo: who asks for a return need not have rights on carriers and their accounts
        record, company = self.sudo(), self.company_id.sudo()
        carrier = record.carrier_id or record._find_carrier()
        receiver = site.sudo().partner_id or company.partner_id
        sender = record.order_id.partner_shipping_id or record.partner_id
        if carrier.delivery_type != "oms" or not kilograms:
            return None
        rate = carrier._oms_find_rate(Leg(site.sudo(), sender, receiver, [kilograms]), company)
        currency = (
            self.env["res.currency"].sudo().search([("name", "=", rate.currency)], limit=1)
            if rate
            else None
        )
        if not currency:
            return None
        today = fields.Date.context_today(self)
        return currency._convert(rate.price, company.currency_id, company, today)


class OmsSite(models.Model):
    _inherit = "oms.site"

    return_daily_units = fields.Float(
        string="Returned Units a Day",
        digits="Product Unit",
        help="How many returned units are taken in, inspected and put away in a day; what is more "
        "waits, and so goes elsewhere if that is better. 0 is no limit.",
    )

    _return_daily_check = models.Constraint(
        "CHECK (COALESCE(return_daily_units, 0) >= 0)", "Returned units a day cannot be negative."
    )

    def _get_return_backlog(self):
        """Return how many days of returned goods sites have before them.

        What is announced and did not come yet counts, and what came and was not inspected.

        :return: days by site; sites without a limit are absent
        :rtype: dict
        """
        limited = self.filtered("return_daily_units")
        if not limited:
            return {}
        self.env["oms.return.line"].flush_model()
        self.env["oms.return.item"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT found.site_id, SUM(found.quantity)
                  FROM (SELECT head.site_id, GREATEST(
                               line.quantity - COALESCE(line.quantity_received, 0), 0) AS quantity
                          FROM oms_return_line line
                          JOIN oms_return head ON head.id = line.return_id
                         WHERE head.site_id = ANY(%(sites)s) AND head.way != 'keep'
                           AND head.state IN ('authorized', 'in_transit')
                     UNION ALL
                        SELECT item.site_id, item.quantity
                          FROM oms_return_item item
                         WHERE item.site_id = ANY(%(sites)s) AND item.state = 'received') AS found
              GROUP BY found.site_id
                """,
                sites=limited.ids,
            )
        )
        units = {site_id: float(quantity) for site_id, quantity in rows}
        return {site: units.get(site.id, 0.0) / site.return_daily_units for site in limited}
