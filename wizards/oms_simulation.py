from collections import defaultdict

import numpy as np

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine.sourcing import SourcingProblem
from ..engine.sourcing.problem import MISSING
from ..models.network.oms_site_barred import Barring
from ..models.orchestration.oms_sourcing_network import Admission


class OmsSimulation(models.TransientModel):
    """What strategies make of an order: of a decision once more, or of one that does not exist.

    Nothing is written: no order, no claim, no decision.
    """

    _name = "oms.simulation"
    _description = "Sourcing Simulation"

    decision_id = fields.Many2one("oms.decision", readonly=True, ondelete="cascade")
    basis = fields.Selection(
        [("snapshot", "Stock as it was seen"), ("today", "Stock of today")],
        string="With",
        compute="_compute_basis",
        store=True,
        readonly=False,
        help="As it was seen: what the decision recorded. Of today: what is available now and what "
        "the order itself holds.",
    )
    snapshot_kept = fields.Boolean(related="decision_id.snapshot_kept")
    company_id = fields.Many2one("res.company", compute="_compute_channel_id", store=True)
    channel_id = fields.Many2one(
        "oms.channel",
        compute="_compute_channel_id",
        store=True,
        readonly=False,
        domain="[('company_id', 'in', allowed_company_ids)]",
    )
    strategy_ids = fields.Many2many(
        "oms.strategy",
        string="Strategies",
        compute="_compute_strategy_ids",
        store=True,
        readonly=False,
        domain="[('company_id', 'in', (company_id, False))]",
        help="The plans of these are compared, at the prices of the channel's own strategy.",
    )
    partner_id = fields.Many2one("res.partner", string="Delivered To")
    country_id = fields.Many2one("res.country")
    zip = fields.Char()
    latitude = fields.Float(digits=(10, 7))
    longitude = fields.Float(digits=(10, 7))
    line_ids = fields.One2many("oms.simulation.line", "simulation_id", string="Lines")
    comparison = fields.Json(compute="_compute_comparison")

    @api.depends("decision_id")
    def _compute_basis(self):
        for simulation in self:
            simulation.basis = "snapshot" if simulation.decision_id.snapshot_kept else "today"

    @api.depends("decision_id")
    def _compute_channel_id(self):
        for simulation in self:
            channel = simulation.decision_id.channel_id or simulation.channel_id
            if not channel:
                channel = channel.search(
                    [
                        ("orchestrated", "=", True),
                        ("company_id", "in", self.env.companies.ids),
                    ],
                    order="is_default DESC, id",
                    limit=1,
                )
            simulation.channel_id = channel
            simulation.company_id = channel.company_id

    @api.depends("channel_id")
    def _compute_strategy_ids(self):
        for simulation in self:
            company = simulation.channel_id.company_id
            simulation.strategy_ids = self.env["oms.strategy"].search(
                [("company_id", "in", (company.id, False))]
            )

    @api.depends(
        "basis",
        "channel_id",
        "strategy_ids",
        "partner_id",
        "country_id",
        "zip",
        "latitude",
        "longitude",
        "line_ids.product_id",
        "line_ids.quantity",
    )
    def _compute_comparison(self):
        for simulation in self:
            simulation.comparison = simulation._compare()

    @api.constrains("latitude", "longitude")
    def _check_coordinates(self):
        for simulation in self:
            if abs(simulation.latitude) > 90 or abs(simulation.longitude) > 180:
                raise ValidationError(
                    self.env._("A latitude is between -90 and 90, a longitude -180 and 180.")
                )

    # === COMPARING === #

    def _compare(self):
        """Source under each strategy and lay the plans side by side.

        :return: what ``oms.sourcing._prepare_comparison`` gives, or a ``message`` on what is
            missing to begin with
        :rtype: dict
        """
        self.ensure_one()
        reference = self.decision_id.strategy_id or self.channel_id.strategy_id
        if not (self.channel_id and reference):
            return {"message": self.env._("Choose a channel that has a sourcing strategy.")}
        if not self.decision_id and not self.line_ids.filtered("product_id"):
            return {"message": self.env._("Say what is ordered: add a product.")}
        wrong = self.line_ids.filtered(lambda line: line.product_id and line.quantity <= 0)
        if wrong:
            return {"message": self.env._("Quantities must be above zero.")}
        case = self._prepare_replay() if self.decision_id else self._prepare_test_drive()
        if not case["sites"]:
            return {
                "message": self.env._(
                    "No site may serve the channel %s: give it a network whose sites ship.",
                    self.channel_id.name,
                )
            }
        Sourcing = self.env["oms.sourcing"]
        outcomes, problem = Sourcing._simulate(
            strategies=self.strategy_ids._origin or reference, reference=reference, **case
        )
        comparison = Sourcing._prepare_comparison(outcomes, reference, problem)
        if self.decision_id:
            comparison["made"] = self._prepare_made_row()
        return comparison

    def _prepare_replay(self):
        """Ask once more what the decision was asked, with the stock as it was or of today."""
        decision = self.decision_id
        # sudo: who may read the decision may have it worked out again
        order = decision.order_id.sudo()
        asked = self._get_asked(decision)
        copy = self._prepare_order(order.partner_shipping_id, order.partner_id)
        demands = self.env["oms.sourcing"]._prepare_demands(copy, asked)
        if self.basis == "snapshot" and decision.problem:
            problem = SourcingProblem.from_dict(decision.problem)
            known = decision.circumstances or {}
            stock = np.array(known.get("stock", problem.stock))
            seen = {
                (site.key, line.product): float(stock[row, column])
                for row, line in enumerate(problem.lines)
                for column, site in enumerate(problem.sites)
            }
            admission = self._get_admission_then(problem, known)
            return {
                "order": copy,
                "demands": demands,
                "sites": admission.sites,
                "available": seen,
                "joined": self._get_joined_then(problem),
                "admission": admission,
            }
        sites = self.channel_id.sudo()._get_sourcing_sites()
        return {
            "order": copy,
            "demands": demands,
            "sites": sites,
            "freed": self._get_own(order),
            # What came of the decision itself is asked for once more.
            "joined": order._oms_get_open_fulfillments()
            .filtered(lambda each: each.decision_id != decision)
            .site_id,
        }

    def _get_admission_then(self, problem, known):
        """Return the sites that could be asked when it was decided, and their room then.

        :param dict known: see ``oms.sourcing._prepare_circumstances``
        :rtype: Admission
        """
        sites = self.env["oms.site"].sudo().browse(site.key for site in problem.sites)
        rooms = {
            name: np.array([np.inf if units is None else units for units in known[name]])
            for name in ("room", "late_room")
            if name in known
        }
        lenient = {
            sites.browse(site_id): Barring(
                *first, further=tuple(Barring(*barring) for barring in further)
            )
            for site_id, (first, *further) in known.get("lenient", ())
        }
        there = set(sites.exists().ids)
        places = [place for place, site_id in enumerate(sites.ids) if site_id in there]
        admission = Admission(sites, rooms.get("room"), {}, lenient, rooms.get("late_room"))
        cooling = frozenset(tuple(pair) for pair in known.get("cooling", ()))
        return admission._replace(cooling=cooling).keep(places)

    def _get_joined_then(self, problem):
        """Return the sites that packed a parcel for the order anyway when it was decided on."""
        keys = [
            site.key
            for part in problem.parts
            if part.name == "parcel" and part.has_amounts
            for site, parcels in zip(problem.sites, part.amount_per_parcel, strict=True)
            if not parcels
        ]
        return self.env["oms.site"].sudo().browse(keys).exists()

    def _get_asked(self, decision):
        """Return what the decision was asked for: (product, quantity in its unit) pairs."""
        Product = self.env["product.product"].sudo()
        if decision.problem:
            lines = SourcingProblem.from_dict(decision.problem).lines
            return [(Product.browse(line.product), line.quantity) for line in lines]
        taken = defaultdict(float)
        for line_id, _site_id, quantity in decision.plan["assignments"]:
            taken[line_id] += quantity
        for line_id, quantity in decision.plan["missing"]:
            taken[line_id] += quantity
        lines = self.env["sale.order.line"].sudo().browse(taken).exists()
        return [(line.product_id, taken[line.id]) for line in lines]

    def _get_own(self, order):
        """Return what the order itself keeps from being available, by (site id, product id)."""
        own = defaultdict(float)
        for claim in order.order_line.oms_claim_ids:
            if claim.state == "active":
                own[claim.site_id.id, claim.product_id.id] += claim.quantity
        for part in order.oms_fulfillment_ids.line_ids:
            for move in part.move_ids:
                if move.state not in ("done", "cancel"):
                    own[part.site_id.id, part.product_id.id] += move.product_qty
        return own

    def _prepare_test_drive(self):
        Partner = self.env["res.partner"].sudo()
        partner = self.partner_id._origin.sudo()
        if self.latitude or self.longitude or not partner:
            partner = Partner.new(
                {
                    "name": self.env._("Test Drive"),
                    "country_id": self.country_id.id,
                    "zip": self.zip,
                    "partner_latitude": self.latitude,
                    "partner_longitude": self.longitude,
                }
            )
        order = self._prepare_order(partner, partner)
        lines = self.line_ids.filtered("product_id")
        asked = [(line.product_id._origin.sudo(), line.quantity) for line in lines]
        demands = self.env["oms.sourcing"]._prepare_demands(order, asked)
        sites = self.channel_id._origin.sudo()._get_sourcing_sites()
        return {"order": order, "demands": demands, "sites": sites}

    def _prepare_order(self, shipping, partner):
        """Make an order that is not kept, so that nothing of a real one can change."""
        # sudo: see oms.sourcing._simulate
        return (
            self.env["sale.order"]
            .sudo()
            .new(
                {
                    "company_id": self.channel_id.company_id.id,
                    "oms_channel_id": self.channel_id.id,
                    "partner_id": partner.id,
                    "partner_shipping_id": shipping.id,
                    "date_order": fields.Datetime.now(),
                }
            )
        )

    def _prepare_made_row(self):
        """The plan that was made, at the prices of then."""
        decision = self.decision_id
        labels = decision._get_cost_labels()
        used = defaultdict(float)
        for _line_id, site_id, quantity in (decision.plan or {}).get("assignments", ()):
            used[site_id] += quantity
        # sudo: whoever may read the decision may read the names of the sites in it
        sites = self.env["oms.site"].sudo().browse(used).exists()
        return {
            "key": 0,
            "title": self.env._("As it was made"),
            "sites": [
                {"id": site.id, "name": site.name, "quantity": used[site.id]} for site in sites
            ],
            "parcels": decision.parcel_count,
            "kilometers": decision.kilometers,
            "unfilled": decision.unfilled_units,
            "costs": [(labels.get(key, key), amount) for key, amount in decision.costs or ()],
            "total": sum(amount for _key, amount in decision.costs or ()),
            "cost": sum(amount for key, amount in decision.costs or () if key != MISSING),
            "gap": decision.gap,
            "milliseconds": decision.duration_ms,
            "note": "",
        }


class OmsSimulationLine(models.TransientModel):
    """A product of an order that does not exist."""

    _name = "oms.simulation.line"
    _description = "Line of a Sourcing Simulation"

    simulation_id = fields.Many2one("oms.simulation", required=True, ondelete="cascade")
    product_id = fields.Many2one(
        "product.product",
        required=True,
        domain="[('type', '=', 'consu'), ('sale_ok', '=', True)]",
    )
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    quantity = fields.Float(digits="Product Unit", default=1.0)
