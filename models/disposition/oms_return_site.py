from collections import defaultdict

from odoo import api, fields, models

from ...engine.disposition import Destination, rank_destinations
from .disposition_case import Case, Goods

#: How many sites are looked at, the nearest ones.
MOST_SITES = 15
#: How many returns of a product its usual grades weigh as much as.
PRIOR = 20.0
#: Of how many sites it is told what the goods would be worth there.
TOLD = 4


class OmsGrade(models.Model):
    _inherit = "oms.grade"

    expected_percent = fields.Float(
        string="Usual Share (%)",
        digits=(6, 2),
        help="How much of what comes back is of this grade, as long as a product's own returns "
        "say little.",
    )

    _expected_check = models.Constraint(
        "CHECK (COALESCE(expected_percent, 0) BETWEEN 0 AND 100)", "A share runs from 0 to 100 %."
    )

    def _get_shares(self, products):
        """Return which share of products is expected to come back in which of these grades.

        What came back of each product in the past, mixed with the usual shares: the more returns
        there were, the less these count.

        :param products: ``product.product``
        :return: shares that sum up to 1 by grade, by product
        :rtype: dict
        """
        usual = {grade: grade.expected_percent for grade in self}
        total = sum(usual.values())
        if not total:
            usual, total = dict.fromkeys(self, 1.0), float(len(self))
        counts = defaultdict(float)
        for product, grade, quantity in self.env["oms.return.item"]._read_group(
            [("product_id", "in", products.ids), ("grade_id", "in", self.ids)],
            ["product_id", "grade_id"],
            ["quantity:sum"],
        ):
            counts[product, grade] = quantity
        shares = {}
        for product in products:
            seen = sum(counts[product, grade] for grade in self)
            shares[product] = {
                grade: (counts[product, grade] + PRIOR * usual[grade] / total) / (seen + PRIOR)
                for grade in self
            }
        return shares


class OmsReturn(models.Model):
    """Goods go back to where they, less their way, are worth most."""

    _inherit = "oms.return"

    def _choose_site(self):
        self.ensure_one()
        ranks = self._rank_sites()
        if not ranks:
            return super()._choose_site()
        self.site_id = ranks[0][0]
        money = self.company_id.currency_id.format
        self.site_reason = "\n".join(
            self.env._(
                "%(site)s: the goods are expected to bring %(worth)s there, the way costs "
                "%(way)s: %(left)s are left.",
                site=site.name,
                worth=money(value + way),
                way=money(way),
                left=money(value),
            )
            for site, value, way in ranks[:TOLD]
        )

    def _rank_sites(self):
        """Order the sites that take the return by what the goods are worth if they go there.

        :return: (site, value less the way, cost of the way), the best first; nothing if it cannot
            be reckoned
        :rtype: list[tuple]
        """
        lines = self.line_ids.filtered(
            lambda line: line.product_id.is_storable and line.quantity > 0
        )
        sites = self._get_possible_sites().filtered(lambda site: not site.is_offline)
        policy = self.env["oms.disposition.policy"]._find_policy(self.company_id)
        if not lines or len(sites) < 2 or not policy:
            return []
        partner = self.order_id.partner_shipping_id or self.partner_id
        far = sites._get_kilometers_to_partner(partner)
        near = sites.sorted(lambda site: (far.get(site, float("inf")), site.sequence, site.id))
        near, waits = self._leave_out_closed(near[:MOST_SITES])
        grades = self.env["oms.grade"].search([("active", "=", True)])
        shares = grades._get_shares(lines.product_id)
        Disposition = self.env["oms.disposition"]
        facts = Disposition._gather_facts(policy, self.company_id, lines.product_id, grades)
        rules = Disposition._get_rules(self.company_id)
        destinations, ways = [], []
        for site in near:
            goods = [
                Goods(
                    line.product_id.sudo(),
                    grade.sudo(),
                    site.sudo(),
                    line.quantity * share,
                    rules._get_matching(line.product_id, grade, site, line.reason_id),
                )
                for line in lines
                for grade, share in shares[line.product_id].items()
                if share > 1e-6
            ]
            way = (
                *self._get_way_costs(policy, facts, lines, site, far.get(site, 0.0)),
                self._get_waiting_cost(policy, facts, lines, waits[site]),
            )
            ways.append(sum(cost.amount for cost in way))
            destinations.append(Destination(site.name, Case(policy, facts, goods).problem, way))
        return [
            (near[rank.position], rank.value, ways[rank.position])
            for rank in rank_destinations(tuple(destinations))
        ]


class OmsDisposition(models.Model):
    _inherit = "oms.disposition"

    @api.model
    def _get_rules(self, company):
        """Return the rules that may hold for goods of a company.

        :rtype: oms.disposition.rule
        """
        # sudo: rules count for whoever works at a site
        return (
            self.env["oms.disposition.rule"]
            .sudo()
            .search([("company_id", "in", (company.id, False))])
        )
