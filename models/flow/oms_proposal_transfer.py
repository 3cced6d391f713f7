from collections import defaultdict
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from .oms_proposal import MOVING_KINDS


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
        left = self._get_left()
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
        waiting = self.move_ids.filtered(_is_open)
        for move in waiting._oms_get_begun():
            raise UserError(
                self.env._(
                    "%(product)s of %(transfer)s is on its way or picked already: it cannot be "
                    "undone. Send it back when it has arrived.",
                    product=move.product_id.display_name,
                    transfer=move.picking_id.name,
                )
            )
        waiting._action_cancel()

    def _follow_moves(self):
        """Write down what has become of accepted proposals by their moves."""
        ended = defaultdict(self.browse)
        for proposal in self.filtered(lambda each: each.state == "accepted" and each.move_ids):
            waiting = proposal.move_ids.filtered(_is_open)
            if waiting:
                proposal._call_off(waiting)
            else:
                # What was picked at the origin, or came back to it, has not been moved.
                arrived = proposal._get_arrived()
                ended["done" if arrived else "undone"] |= proposal
                proposal._tell_of_stranded(arrived)
        for state, proposals in ended.items():
            proposals.state = state

    def _call_off(self, waiting):
        """Cancel what is left of a way when people have cancelled its other end.

        Nothing leaves for a site that does not get it any more, and no site expects what nobody
        sends it. What is picked or on the road is left to people.

        :param waiting: ``stock.move`` of the proposal that are not done
        """
        self.ensure_one()
        if self.kind not in MOVING_KINDS:
            return
        target = self.site_id.warehouse_id
        coming = waiting.filtered(lambda move: move.location_dest_id.warehouse_id == target)
        leaves = bool(waiting - coming)
        left = any(
            move.state == "done" and move.location_dest_id.usage == "transit"
            for move in self.move_ids
        )
        if (not coming and not waiting._oms_get_begun()) or not (leaves or left):
            waiting._action_cancel()

    def _get_arrived(self):
        """Return how much of the goods have come to their site, in the unit of the product."""
        self.ensure_one()
        target = self.site_id.warehouse_id
        into = self.move_ids.filtered(
            lambda move: (
                move.state == "done"
                and move.location_dest_id.usage == "internal"
                and move.location_dest_id.warehouse_id == target
                and move.location_id.warehouse_id != target
            )
        )
        return sum(into.mapped("product_qty"))

    def _tell_of_stranded(self, arrived):
        """Say in the proposal that goods have left and did not arrive: somebody ended their way.

        :param float arrived: units that did
        """
        self.ensure_one()
        if self.kind not in MOVING_KINDS:
            return
        out = self.move_ids.filtered(
            lambda move: move.state == "done" and move.location_dest_id.usage == "transit"
        )
        # What was sent back is a move of its own.
        back = out.returned_move_ids.filtered(lambda move: move.state == "done")
        stranded = sum(out.mapped("product_qty")) - sum(back.mapped("product_qty")) - arrived
        if self.uom_id.compare(stranded, 0.0) > 0:
            self.message_post(
                body=self.env._(
                    "%(quantity)s %(unit)s of %(product)s have left %(origin)s and lie in "
                    "%(transit)s: their way to %(site)s was cancelled. Send them back with a "
                    "return of %(transfer)s, or receive them with a transfer of your own.",
                    quantity=f"{stranded:g}",
                    unit=self.uom_id.name,
                    product=self.product_id.display_name,
                    origin=self.origin_id.name,
                    transit=out.location_dest_id[:1].display_name,
                    site=self.site_id.name,
                    transfer=", ".join(out.picking_id.mapped("name")),
                )
            )


def _is_open(move):
    """Tell whether a move is still to be done."""
    return move.state not in ("done", "cancel")
