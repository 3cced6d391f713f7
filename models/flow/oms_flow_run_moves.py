from datetime import timedelta

import numpy as np

from odoo import models

from .oms_proposal_amount import WAY_PARTS


class OmsFlowRun(models.Model):
    """What the engine decided about transfers becomes proposals, with what they follow from."""

    _inherit = "oms.flow.run"

    def _prepare_moves(self, facts, lanes, departures, problem, shelf, found):
        """Return the values of the proposals that a plan of the engine means.

        :param problem: what the engine was asked
        :param shelf: units that fit at each row of the stock, shape (rows,)
        :rtype: list[dict]
        """
        spread = {}
        for move in found.moves:
            spread[move.lane] = spread.get(move.lane, 0) + 1
        row_of = {
            place: row
            for row, place in enumerate(
                zip(facts.product.tolist(), facts.site.tolist(), strict=True)
            )
        }
        return [
            self._prepare_row(
                facts,
                lanes[move.lane],
                departures,
                problem,
                move,
                spread[move.lane],
                row_of[move.product, move.origin],
                row_of[move.product, move.destination],
                shelf,
            )
            # What all that goes on a way gains together is more than the plan asks for.
            for move in found.moves
            if move.gain > 0
        ]

    def _prepare_row(self, facts, lane, departures, problem, move, spread, giver, getter, shelf):
        """Return the values of one proposal."""
        kilograms = problem.goods[move.product].weight * move.quantity
        origin_rate, age = float(facts.rate[giver]), float(facts.age[giver])
        leaves = departures[lane]
        limit = move.limit
        taken = move.destination_after + float(facts.demand[getter] + facts.claimed[getter])
        if limit == "shelf" and taken + 1.0 <= shelf[getter]:
            limit = "cover"
        return {
            "kind": self._get_moving_kind(lane),
            "product_id": int(facts.product_ids[move.product]),
            "origin_id": lane.origin_id.id,
            "site_id": lane.site_id.id,
            "lane_id": lane.id,
            "quantity_proposed": move.quantity,
            "gain": move.gain,
            "unit_gain": move.gain / move.quantity,
            "cost": -sum(part.amount for part in move.parts if part.name in WAY_PARTS),
            "carbon_kg": kilograms * lane.kg_carbon,
            "weight": kilograms,
            "risk": min(max(move.chance_here, 0.0), 1.0),
            "risk_there": min(max(1.0 - move.chance_there, 0.0), 1.0),
            "origin_before": move.origin_before,
            "origin_after": move.origin_after,
            "site_before": move.destination_before,
            "site_after": move.destination_after,
            "origin_rate": origin_rate,
            "site_rate": float(facts.rate[getter]),
            "leaves_at": leaves.replace(microsecond=0),
            "arrives_at": (leaves + timedelta(days=lane.days)).replace(microsecond=0),
            "explanation": {
                "parts": [[part.name, part.amount] for part in move.parts],
                "curve": self._prepare_curve(problem, move, giver, getter),
                "facts": {
                    "age_days": age if origin_rate <= 0 or age > 60 else 0,
                    "spread": spread if spread > 1 and lane.shipment_cost else 0,
                    "limit": limit,
                    "need": move.need,
                    "chance": move.chance_there,
                },
            },
        }

    def _prepare_curve(self, problem, move, giver, getter):
        """Return what a move is worth by its quantity follows from, all other moves being made.

        :param giver: row of the stock at the origin
        :param getter: row of that at the destination
        :return: what :meth:`~.oms_proposal.OmsProposal._get_amounts` makes a problem of again
        :rtype: dict
        """
        goods, lane = problem.goods[move.product], problem.network.lanes[move.lane]
        stocks, settings, quantity = problem.stocks, problem.settings, move.quantity
        incoming = float(stocks.incoming[getter])
        others = move.destination_after - move.destination_before - quantity

        def finite(number):
            return float(number) if np.isfinite(number) else None

        return {
            "goods": {
                name: getattr(goods, name)
                for name in (
                    "price",
                    "cost",
                    "weight",
                    "salvage",
                    "markdown",
                    "holding",
                    "elsewhere",
                )
            },
            "lane": {
                name: getattr(lane, name)
                for name in ("days", "per_kg", "per_unit", "carbon_kg_per_kg")
            },
            "settings": {
                name: getattr(settings, name)
                for name in (
                    "horizon_days",
                    "interest",
                    "ageing",
                    "carbon_price",
                    "risk_days",
                )
            },
            # Units at the origin and the destination, with all that is planned but this.
            "stock": [
                move.origin_after + quantity + float(stocks.incoming[giver]),
                move.destination_before - incoming,
            ],
            "incoming": [0.0, incoming + others],
            "rate": [float(stocks.rate[row]) for row in (giver, getter)],
            "variance": [float(stocks.variance[row]) for row in (giver, getter)],
            "age_days": [float(stocks.age_days[row]) for row in (giver, getter)],
            "life": [finite(stocks.life[row]) for row in (giver, getter)],
            "days_left": [finite(stocks.days_left[row]) for row in (giver, getter)],
            **{
                name: [finite(getattr(stocks, name)[row]) for row in (giver, getter)]
                for name in ("order_point", "lead_days", "local")
                if getattr(stocks, name) is not None
            },
        }
