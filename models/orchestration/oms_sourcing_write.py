from odoo import models

from ...engine.sourcing.problem import MISSING
from ..words import by_count
from .oms_sourcing import Part


class OmsSourcing(models.AbstractModel):
    """Plans are written down: decisions, fulfillments and claims, each in one go."""

    _inherit = "oms.sourcing"

    def _write_outcomes(self, outcomes, trigger):
        """Write decisions, then the fulfillments, their lines and the claims, each in one go."""
        decisions = (
            self.env["oms.decision"]
            .sudo()
            .create([self._prepare_decision_vals(outcome, trigger) for outcome in outcomes])
        )
        self._write_fulfillments(list(zip(outcomes, decisions, strict=True)))
        return decisions

    def _prepare_decision_vals(self, outcome, trigger):
        order, strategy, sites, problem, plan = outcome[:5]
        used = list(dict.fromkeys(assignment.site for assignment in plan.assignments))
        position = {site_id: index for index, site_id in enumerate(sites.ids)}
        unfilled = sum(shortage.quantity for shortage in plan.missing)
        serving = order._oms_get_open_fulfillments().site_id.ids
        costs = dict(plan.costs)
        return {
            "order_id": order.id,
            "channel_id": order.oms_channel_id.id,
            "strategy_id": strategy.id,
            "currency_id": strategy.currency_id.id,
            "trigger": trigger,
            "outcome": "full" if not plan.missing else "partial" if used else "none",
            "split": len(set(used) | set(serving)) > 1,
            "site_ids": [(6, 0, used)],
            "parcel_count": len(used),
            "candidate_count": len(sites),
            "units": sum(line.quantity for line in problem.lines),
            "unfilled_units": unfilled,
            "kilometers": sum(outcome.kilometers[position[site_id]] for site_id in used),
            "cost": plan.cost - costs[MISSING],
            "penalty": costs[MISSING],
            "lower_bound": plan.lower_bound,
            "gap": plan.gap,
            "duration_ms": outcome.duration_ms,
            "note": self._prepare_note(outcome),
            "costs": list(plan.costs),
            "amounts": [list(amount) for amount in plan.amounts],
            "problem": problem.to_dict(),
            "plan": plan.to_dict(),
            "circumstances": outcome.circumstances,
        }

    def _prepare_note(self, outcome):
        """Say in words what waits and why, one sentence a line."""
        notes = []
        if not outcome.sites:
            notes.append(
                self.env._(
                    "No site may serve the channel %s: give it a network whose sites ship.",
                    outcome.order.oms_channel_id.name,
                )
            )
        stock = {
            line.key: row.sum()
            for line, row in zip(outcome.problem.lines, outcome.problem.stock, strict=True)
        }
        for shortage in outcome.plan.missing if outcome.sites else ():
            line = self.env["sale.order.line"].browse(shortage.line)
            sellable = outcome.sellable.get(line.product_id.id)
            there = sellable.available if sellable else stock[shortage.line]
            words = {
                "quantity": f"{shortage.quantity:g}",
                "unit": line.product_id.uom_id.name,
                "product": line.product_id.display_name,
                "sites": len(outcome.sites),
                "stock": f"{there:g}",
            }
            sentence = by_count(
                len(outcome.sites),
                self.env._(
                    "Waits: %(quantity)s %(unit)s of %(product)s. The one site has %(stock)s "
                    "available.",
                    **words,
                ),
                self.env._(
                    "Waits: %(quantity)s %(unit)s of %(product)s. The %(sites)s sites have "
                    "%(stock)s available.",
                    **words,
                ),
            )
            held_back = sellable and self._explain_held_back(sellable)
            notes.append(f"{sentence} {held_back}" if held_back else sentence)
        notes += self._describe_barred(outcome.barred)
        return "\n".join(filter(None, [*notes, outcome.note]))

    def _write_fulfillments(self, outcomes):
        """Plan and claim what the engine said.

        :param outcomes: (outcome, decision) pairs
        """
        parts = []
        for outcome, decision in outcomes:
            kilometers = dict(zip(outcome.sites.ids, outcome.kilometers, strict=True))
            parts += [
                Part(
                    self.env["sale.order.line"].browse(assignment.line),
                    self.env["oms.site"].browse(assignment.site),
                    assignment.quantity,
                    kilometers[assignment.site],
                    decision,
                )
                for assignment in outcome.plan.assignments
            ]
        self._claim_parts(parts)

    def _claim_parts(self, parts):
        """Plan what sites are to give, and claim it.

        :param list[Part] parts: what is to be given, each site to each line once
        :raise UserError: a site has not so much
        """
        lines = self._plan_parts(parts)
        self.env["oms.claim"].sudo().create(
            [
                {
                    "product_id": part.line.product_id.id,
                    "site_id": part.site.id,
                    "quantity": part.quantity,
                    "sale_line_id": part.line.id,
                    "fulfillment_line_id": lines[part.line, part.site].id,
                }
                for part in parts
            ]
        )

    def _plan_parts(self, parts):
        """Add what sites are to give to the open fulfillments there, or to new ones.

        :param list[Part] parts: what is to be given, each site to each line once
        :return: ``oms.fulfillment.line`` by (order line, site)
        :rtype: dict
        """
        fulfillments = self._ensure_fulfillments(parts)
        existing = {
            (line.fulfillment_id, line.sale_line_id): line
            for line in self.env["oms.fulfillment"].union(*fulfillments.values()).line_ids
        }
        found, missing = {}, {}
        for part in parts:
            fulfillment = fulfillments[part.line.order_id, part.site]
            line = existing.get((fulfillment, part.line))
            if line:
                line.quantity += part.quantity
                found[part.line, part.site] = line
            else:
                missing[part.line, part.site] = {
                    "fulfillment_id": fulfillment.id,
                    "sale_line_id": part.line.id,
                    "product_id": part.line.product_id.id,
                    "quantity": part.quantity,
                }
        created = self.env["oms.fulfillment.line"].sudo().create(list(missing.values()))
        found.update(zip(missing, created, strict=True))
        return found

    def _ensure_fulfillments(self, parts):
        """Return the fulfillment of each order at each site that gives to it, making missing ones.

        :param list[Part] parts: what is to be given
        :return: ``oms.fulfillment`` by (order, site)
        :rtype: dict
        """
        found, missing = {}, {}
        for order in self.env["sale.order"].union(*(part.line.order_id for part in parts)):
            for fulfillment in order._oms_get_open_fulfillments():
                found.setdefault((order, fulfillment.site_id), fulfillment)
        for part in parts:
            order = part.line.order_id
            if (order, part.site) not in found:
                missing[order, part.site] = {
                    "name": order._oms_get_fulfillment_name(part.site),
                    "order_id": order.id,
                    "site_id": part.site.id,
                    "decision_id": part.decision.id,
                    "kilometers": part.kilometers,
                }
        # The decision tells how a fulfillment came to be; a message for each would only cost time.
        Fulfillment = (
            self.env["oms.fulfillment"]
            .sudo()
            .with_context(mail_create_nolog=True, mail_create_nosubscribe=True)
        )
        created = Fulfillment.create(list(missing.values()))
        found.update(zip(missing, created, strict=True))
        return found
