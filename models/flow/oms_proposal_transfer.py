from collections import defaultdict
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError


class OmsProposal(models.Model):
    """Accepted transfers become moves by Odoo's own route from one warehouse to another.

    The route leads through transit, so what leaves one site is expected at the other at once. All
    that goes the same way together is one transfer at either end.
    """

    _inherit = "oms.proposal"

    picking_ids = fields.Many2many(
        "stock.picking",
        string="Transfers",
        compute="_compute_picking_ids",
        groups="stock.group_stock_user",
    )
    picking_count = fields.Integer(compute="_compute_picking_ids", groups="stock.group_stock_user")

    def _compute_picking_ids(self):
        for proposal in self:
            # sudo: how many there are; to open them takes rights of one's own
            pickings = proposal.sudo().move_ids.picking_id
            proposal.picking_ids, proposal.picking_count = pickings, len(pickings)

    def action_view_pickings(self):
        """Open the transfers that were made.

        :return: a window action
        :rtype: dict
        """
        return self.move_ids.picking_id._oms_get_action()

    # === CARRYING OUT === #

    def _carry_out_pull(self):
        return self._carry_out_transfer()

    def _carry_out_transfer(self):
        """Make the transfers of proposals.

        :return: why each of those that cannot be made cannot
        :rtype: dict[OmsProposal, str]
        """
        refused = self._find_lacking()
        kept = self.filtered(lambda each: each not in refused)
        for (origin, site), same in kept.grouped(
            lambda each: (each.origin_id, each.site_id)
        ).items():
            try:
                with self.env.cr.savepoint():
                    same._move(origin.warehouse_id, site.warehouse_id)
            except UserError as error:
                # A way that cannot be gone must not stop the others.
                self.invalidate_recordset(["move_ids"])
                refused |= dict.fromkeys(same, str(error))
        return refused

    def _find_lacking(self):
        """Return why the goods of some proposals cannot be taken: others have them by now.

        Guards are taken first, so that nobody promises the same units meanwhile. The proposals
        that gain most come first.

        :rtype: dict[OmsProposal, str]
        """
        Position = self.env["oms.position"]
        Position._touch((each.product_id.id, each.origin_id.id) for each in self)
        left = {
            (position.product_id, position.site_id): position.available
            for position in Position._get_positions(self.origin_id.ids, self.product_id.ids)
        }
        refused = {}
        for each in self.sorted(lambda each: (-each.gain, each.id)):
            key = each.product_id.id, each.origin_id.id
            there = left.get(key, 0.0)
            if each.uom_id.compare(there, each.quantity) < 0:
                refused[each] = Position._get_shortage_sentence(*key, there, each.quantity)
            else:
                left[key] = there - each.quantity
        return refused

    def _move(self, source, target):
        """Make one transfer out of a warehouse and one into another, by the route between them.

        :param source: ``stock.warehouse``
        :param target: ``stock.warehouse``
        """
        route = source._oms_get_route_to(target)
        first = self.sorted("id")[:1]
        reference = self.env["stock.reference"].create({"name": f"FLOW/{first.id:05d}"})
        now = fields.Datetime.now()
        self._date_anew(now)
        Rule = self.env["stock.rule"].with_company(target.company_id)
        Rule.run(
            [
                Rule.Procurement(
                    each.product_id,
                    each.quantity,
                    each.uom_id,
                    target.lot_stock_id,
                    each.display_name,
                    reference.name,
                    target.company_id,
                    {
                        "route_ids": route,
                        "warehouse_id": target,
                        "reference_ids": reference,
                        "date_planned": each.arrives_at or now,
                        "oms_proposal_id": each.id,
                    },
                )
                for each in self
            ]
        )
        self.invalidate_recordset(["move_ids"])
        self._date_moves()
        for picking in self.move_ids.picking_id:
            if not picking.origin:
                picking.origin = reference.name
            picking.message_post(body=self._get_picking_message(picking))

    def _get_picking_message(self, picking):
        """Say in a transfer what it was made for."""
        gain = sum(picking.move_ids.oms_proposal_id.mapped("gain"))
        return self.env._(
            "Made from %(count)s flow proposals, which gain %(gain)s together.",
            count=len(picking.move_ids.oms_proposal_id),
            gain=self.currency_id[:1].format(gain),
        )

    def _date_anew(self, now):
        """Have what should have left by now leave next time, and take as long as ever."""
        late = self.filtered(lambda each: not each.leaves_at or each.leaves_at < now)
        for (lane, took), same in late.grouped(
            lambda each: (
                each.lane_id,
                each.leaves_at and each.arrives_at and each.arrives_at - each.leaves_at,
            )
        ).items():
            leaves = ((lane and lane._get_departure(now)) or now).replace(microsecond=0)
            takes = timedelta(days=lane.days) if lane else took or timedelta()
            same.write({"leaves_at": leaves, "arrives_at": leaves + max(takes, timedelta())})

    def _date_moves(self):
        """Have goods leave and arrive when the lane says, not all at once."""
        for proposal in self:
            leaves = proposal.leaves_at
            arrives = max(proposal.arrives_at or leaves, leaves)
            for move in proposal.move_ids:
                # What is in transit is on its way; every step before leaves with the truck.
                move.date = arrives if move.location_id.usage == "transit" else leaves

    # === UNDOING === #

    def _undo_pull(self):
        self._undo_transfer()

    def _undo_transfer(self):
        moves = self.move_ids
        for move in moves:
            if move.state == "done" or move.picked:
                raise UserError(
                    self.env._(
                        "%(product)s of %(transfer)s is on its way or picked already: it cannot be "
                        "undone. Send it back when it has arrived.",
                        product=move.product_id.display_name,
                        transfer=move.picking_id.name,
                    )
                )
        moves._action_cancel()

    def _follow_moves(self):
        """Write down what has become of accepted proposals by their moves."""
        done = defaultdict(self.browse)
        for proposal in self.filtered(lambda each: each.state == "accepted" and each.move_ids):
            moves, target = proposal.move_ids, proposal.site_id.warehouse_id
            if any(move.state not in ("done", "cancel") for move in moves):
                continue
            # What was picked at the origin, or came back to it, has not been moved.
            arrived = moves.filtered(
                lambda move, target=target: (
                    move.state == "done"
                    and move.location_dest_id.usage == "internal"
                    and move.location_dest_id.warehouse_id == target
                )
            )
            done["done" if arrived else "undone"] |= proposal
        for state, proposals in done.items():
            proposals.state = state
