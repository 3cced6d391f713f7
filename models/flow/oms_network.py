from itertools import permutations

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ...engine import carbon
from ...engine.geography import great_circle_km

#: Days on the road at the least.
LEAST_DAYS = 1.0


class OmsSite(models.Model):
    _inherit = "oms.site"

    def _get_kilometers_between(self, other):
        """Return how far another site is, as the crow flies.

        :rtype: float | None
        """
        if not all(site.latitude or site.longitude for site in (self, other)):
            return None
        return float(
            great_circle_km(self.latitude, self.longitude, other.latitude, other.longitude)
        )


class OmsNetwork(models.Model):
    """The lanes between the sites of a network."""

    _inherit = "oms.network"

    flow_plan_ids = fields.One2many("oms.flow.plan", "network_id", string="Flow Plans")
    lane_count = fields.Integer(compute="_compute_lane_count")

    def _compute_lane_count(self):
        for network in self:
            network.lane_count = self.env["oms.lane"].search_count(network._get_lane_domain())

    def _get_lane_domain(self):
        self.ensure_one()
        return [("origin_id", "in", self.site_ids.ids), ("site_id", "in", self.site_ids.ids)]

    def action_view_lanes(self):
        """Open the lanes between the sites of the network.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_lane")
        action["domain"] = self._get_lane_domain()
        return action

    def action_make_lanes(self):
        """Make the lanes that are missing between the network's sites, by distance and policy.

        From warehouses to stores, between stores and between warehouses: not from a store back
        into a warehouse, which somebody has to want. Costs are those of the company's disposition
        policy, so that returned goods and others are moved by the same numbers.

        :return: a window action
        :rtype: dict
        :raises AccessError: the user may not make lanes
        :raises UserError: no two sites of the network keep stock
        """
        self.ensure_one()
        if not self.env["oms.lane"].has_access("create"):
            raise AccessError(self.env._("Only those who may change lanes make them."))
        sites = self.site_ids.filtered(
            lambda site: site.warehouse_id and site.active and site.company_id == self.company_id
        )
        if len(sites) < 2:
            raise UserError(
                self.env._("Fewer than two sites of %s keep stock in a warehouse.", self.name)
            )
        lanes = self.env["oms.lane"].with_context(active_test=False)
        known = {(lane.origin_id, lane.site_id) for lane in lanes.search(self._get_lane_domain())}
        policy = self.env["oms.disposition.policy"]._get_policy(self.company_id)
        lanes.create(
            [
                self._prepare_lane(policy, origin, site)
                for origin, site in permutations(sites, 2)
                if (origin, site) not in known
                and not (origin.kind == "store" and site.kind == "warehouse")
            ]
        )
        return self.action_view_lanes()

    def _prepare_lane(self, policy, origin, site):
        """Return the values of a lane by the numbers of a policy."""
        known = origin._get_kilometers_between(site)
        kilometers = known or 0.0
        factor = origin.emission_factor_id or policy.emission_factor_id
        emitted = (
            float(carbon.transport_kg(1.0, kilometers, factor._get_transport())) if factor else 0.0
        )
        return {
            "origin_id": origin.id,
            "site_id": site.id,
            "days": max(LEAST_DAYS, round(kilometers / policy.kilometers_per_day, 1)),
            "shipment_cost": policy.shipment_cost,
            "kg_cost": policy.transfer_kg_cost + policy.transfer_kg_km_cost * kilometers,
            "unit_cost": policy.handling_cost + policy.dispatch_cost,
            "kg_carbon": emitted,
            "note": known is None
            and self.env._(
                "How far it is was not known: give both sites coordinates, and look at days and "
                "costs."
            ),
        }
