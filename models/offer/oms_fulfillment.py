from datetime import UTC, datetime

from odoo import fields, models
from odoo.tools import SQL

from ...engine import open_time
from ...engine.sourcing import SourcingPlan, SourcingProblem
from .oms_offer import LEAST_ANSWERS

#: Sourcing by which a user, or the end of all offers, settled who gets the goods.
SETTLED = ("forced", "offer")


class OmsFulfillment(models.Model):
    """What is offered to several sites: held at the best of them until one accepts."""

    _inherit = "oms.fulfillment"

    offer_ids = fields.One2many("oms.offer", "fulfillment_id", string="Offers")
    offer_state = fields.Selection(
        [("open", "Offered"), ("accepted", "Accepted"), ("ended", "Nobody Accepted")],
        string="Offer",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Whether stores are asked to do this, and what came of it.",
    )
    offer_round = fields.Integer(string="Round of Offers", readonly=True, copy=False)
    offer_until = fields.Datetime(
        string="Answer By",
        readonly=True,
        copy=False,
        help="When the next sites are asked. It moves with opening hours.",
    )
    # How much time was left, and when: hours in which nobody was open do not count.
    offer_seconds = fields.Float(readonly=True, copy=False)
    offer_counted_at = fields.Datetime(readonly=True, copy=False)

    _offer_until_idx = models.Index("(offer_until) WHERE offer_state = 'open'")

    # === WHOM TO ASK === #

    def _is_offerable(self):
        """Tell whether sites are asked before one of them gets this.

        :rtype: bool
        """
        self.ensure_one()
        return bool(
            self.channel_id.offer_count
            and not self.offer_state
            and self.state == "planned"
            and self.site_id.takes_offers
            and self.order_id.oms_service in (False, "home", "relay")
            and self.decision_id.problem
            and self.decision_id.trigger not in SETTLED
        )

    def _get_offered_quantities(self):
        """Return what is offered.

        :return: quantity in the product's unit by ``oms.fulfillment.line``
        :rtype: dict
        """
        self.ensure_one()
        claims = self.line_ids.claim_ids.filtered(lambda claim: claim.state == "active")
        return {
            line: line.uom_id.round(sum(own.mapped("quantity")))
            for line, own in claims.grouped("fulfillment_line_id").items()
        }

    def _find_offer_sites(self):
        """Find the sites that could do all of this by themselves, the best first.

        They are those that sourcing compared, by what the order costs with each in place of the
        one that it chose; sites that cannot be asked any more, have not enough now, are full,
        declined, or accept too little are left out.

        :return: (``oms.site``, what the order costs more with it than as it was planned) tuples
        :rtype: list[tuple]
        """
        self.ensure_one()
        problem = SourcingProblem.from_dict(self.decision_id.problem)
        sites = self.env["oms.site"].browse(site.key for site in problem.sites).exists()
        planned, priced = self._price_with(problem, self.site_id) or 0.0, []
        for site in self._filter_askable(sites, self._get_offered_quantities()):
            cost = self._price_with(problem, site)
            if cost is not None:
                priced.append((site, cost - planned))
        return sorted(
            priced, key=lambda pair: (round(pair[1], 6), pair[0] != self.site_id, pair[0].id)
        )

    def _filter_askable(self, sites, quantities):
        """Keep the sites that may be asked, and have the goods.

        :param dict quantities: see :meth:`_get_offered_quantities`
        """
        order, now = self.order_id, fields.Datetime.now()
        barred = sites._get_barred(order, now)[order]
        barred = {**barred, **order._oms_find_given_back(now)}
        asked = self.offer_ids.site_id
        rates = self.env["oms.offer"]._get_rates(sites)
        waiting = self.env["oms.offer"]._count_open(sites)
        products = [line.product_id for line in quantities]
        products = self.env["product.product"].union(*products).filtered("is_storable")
        available = sites._get_available(products)
        busy = (
            order._oms_get_open_fulfillments()
            .filtered(lambda each: each != self and each.offer_state == "open")
            .site_id
        )

        def is_askable(site):
            own = site == self.site_id
            accepted, answered = rates[site.id]
            return (
                site.active
                and site.takes_offers
                and site not in asked
                and site not in busy
                and (own or site not in barred)
                and (not site.offer_most or waiting.get(site.id, 0) < site.offer_most)
                and (
                    answered < LEAST_ANSWERS
                    or accepted / answered >= self.channel_id.offer_least_rate - 1e-9
                )
                # What the site itself gives is claimed, and so not available any more.
                and (own or self._has_all(site, quantities, available))
            )

        return sites.filtered(is_askable)

    def _has_all(self, site, quantities, available):
        needed = {}
        for line, quantity in quantities.items():
            if line.product_id.is_storable:
                key = (site.id, line.product_id.id)
                needed[key] = needed.get(key, 0.0) + quantity
        return all(available.get(key, 0.0) >= needed[key] - 1e-9 for key in needed)

    def _price_with(self, problem, site):
        """Return what the order costs if a site does this in place of the one that was chosen.

        :param SourcingProblem problem: of the decision
        :return: in the currency of the strategy; None where it cannot be told
        """
        planned = {}
        mine = set(self.line_ids.sale_line_id.ids)
        for given in SourcingPlan.from_dict(self.decision_id.plan).assignments:
            here = given.site == self.site_id.id and given.line in mine
            key = (given.line, site.id if here else given.site)
            planned[key] = planned.get(key, 0.0) + given.quantity
        return self.order_id._oms_price(problem, planned)

    # === TIME === #

    def _lock_offers(self):
        """Make sure that nobody else answers until this transaction is through.

        :raises psycopg2.errors.SerializationFailure: another transaction was faster: run again
        """
        self.flush_recordset(["offer_round"])
        self.env.cr.execute(
            SQL(
                "UPDATE oms_fulfillment SET offer_round = offer_round WHERE id IN %s",
                tuple(self.ids),
            ),
            # Losing against another transaction is no fault: the caller is run again.
            log_exceptions=False,
        )

    def _count_time(self, sites):
        """Take off the time that sites had to answer since it was counted last.

        :param sites: ``oms.site`` that were asked until now
        """
        self.ensure_one()
        now = fields.Datetime.now()
        if self.offer_counted_at:
            gone = open_time.elapsed(
                sites._get_open_stretches(self.offer_counted_at),
                _stamp(self.offer_counted_at),
                _stamp(now),
            )
            self.offer_seconds = max(self.offer_seconds - gone, 0.0)
        self.offer_counted_at = now

    def _set_until(self, sites):
        """Set until when sites have time to answer: while all of them are closed, none runs.

        :param sites: ``oms.site`` that are asked from now on
        """
        self.ensure_one()
        now = fields.Datetime.now()
        until = open_time.run_out(sites._get_open_stretches(now), _stamp(now), self.offer_seconds)
        # Sites that do not open within two months are not waited for.
        self.offer_until = (
            now
            if until == float("inf")
            else datetime.fromtimestamp(until, UTC).replace(tzinfo=None)
        )


def _stamp(moment):
    return moment.replace(tzinfo=UTC).timestamp()
