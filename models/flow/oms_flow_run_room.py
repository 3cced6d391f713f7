from odoo import models

from .oms_lane_room import Load

#: What of a proposal is in proportion to its quantity.
PROPORTIONAL = ("gain", "cost", "carbon_kg", "weight")


class OmsFlowRun(models.Model):
    """Pulls of what is below its order point heed the lanes, as transfers do."""

    _inherit = "oms.flow.run"

    def _prepare_pulls(self, facts, lanes, departures, *args):
        rows = super()._prepare_pulls(facts, lanes, departures, *args)
        return self._fit_lanes(rows, lanes, departures)

    def _fit_lanes(self, rows, lanes, departures):
        """Leave out, or cut, what has no room on its lane, or would be too small a shipment.

        What gains most for a unit comes first; what is cut or left out is told, and proposed again
        for a later departure.

        :param list rows: values of proposals
        :param lanes: ``oms.lane``
        :param dict departures: moment by lane
        :return: the rows that can go
        :rtype: list[dict]
        """
        loads, found, kept = lanes._get_loads(departures), [], []
        by_lane = {}
        for row in sorted(rows, key=lambda row: -row["unit_gain"]):
            by_lane.setdefault(row["lane_id"], []).append(row)
        for lane in lanes.filtered(lambda lane: lane.id in by_lane):
            load = loads.get(lane, Load())
            own = by_lane[lane.id]
            asked = sum(row["quantity_proposed"] for row in own)
            going = self._fill(lane, own, load)
            units = sum(row["quantity_proposed"] for row in going)
            if lane.minimum_units and 0 < units < lane.minimum_units - load.units - 1e-6:
                going = []
                words = self.env._(
                    "%(lane)s: less is wanted than the smallest shipment; units: %(count)s.",
                    lane=lane.display_name,
                    count=f"{units:g}",
                )
                found.append(("minimum_missed", words, None, lane.origin_id.id))
            elif units < asked - 1e-6:
                words = self.env._(
                    "%(lane)s: %(count)s units have no room on the next departure.",
                    lane=lane.display_name,
                    count=f"{asked - units:g}",
                )
                found.append(("no_room", words, None, lane.origin_id.id))
            kept += going
        self._note_all("replenish", found)
        return sorted(kept, key=lambda row: -row["gain"])

    def _fill(self, lane, rows, load):
        """Return what fits into the room that a lane has left.

        :param rows: what is to go first first
        :param Load load: what goes already
        :rtype: list[dict]
        """
        units = lane.capacity_units - load.units if lane.capacity_units else float("inf")
        kilograms = lane.capacity_kg - load.kilograms if lane.capacity_kg else float("inf")
        going = []
        for row in rows:
            quantity, heavy = row["quantity_proposed"], row["weight"] / row["quantity_proposed"]
            fits = min(quantity, max(units, 0.0))
            if heavy > 0:
                fits = min(fits, max(kilograms, 0.0) / heavy)
            if fits < quantity - 1e-6:
                unit = self.env["product.product"].browse(row["product_id"]).uom_id
                fits = unit.round(fits + 1e-9, rounding_method="DOWN")
            if fits > 0:
                going.append(row if fits >= quantity - 1e-6 else _cut(row, fits))
                units, kilograms = units - fits, kilograms - fits * heavy
        return going


def _cut(row, quantity):
    """Return the values of a proposal for a smaller quantity."""
    share = quantity / row["quantity_proposed"]
    less = row["quantity_proposed"] - quantity
    explanation = row.get("explanation") or {}
    parts = [[name, amount * share] for name, amount in explanation.get("parts") or []]
    return {
        **row,
        **{name: row[name] * share for name in PROPORTIONAL},
        "quantity_proposed": quantity,
        "origin_after": row["origin_after"] + less,
        "site_after": row["site_after"] - less,
        "explanation": {**explanation, "parts": parts},
    }
