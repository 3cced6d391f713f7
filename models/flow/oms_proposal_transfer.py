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
        ways = kept.grouped(lambda each: (each.origin_id, each.site_id))
        return refused | self._move_ways(list(ways.values()))

    def _move_ways(self, ways):
        """Make the transfers of several ways at once; a way that cannot be gone stops no other.

        What cannot be done together is tried by halves: nearly always all of it can be.

        :param list ways: proposals, those of each way together
        :return: why each of those that cannot be made cannot
        :rtype: dict[OmsProposal, str]
        """
        if not ways:
            return {}
        proposals = self.browse().concat(*ways)
        try:
            with self.env.cr.savepoint():
                proposals._move(ways)
            return {}
        except UserError as error:
            proposals.invalidate_recordset(["move_ids"])
            if len(ways) == 1:
                return dict.fromkeys(proposals, str(error))
        middle = len(ways) // 2
        return self._move_ways(ways[:middle]) | self._move_ways(ways[middle:])

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

    def _move(self, ways):
        """Make a transfer out of the first and one into the last warehouse of each way.

        They follow Odoo's route between the two; all moves are made at once.

        :param list ways: the proposals, those of each way together
        :raises UserError: one of the ways cannot be gone
        """
        now = fields.Datetime.now()
        self._date_anew(now)
        references = self.env["stock.reference"].create(
            [{"name": f"FLOW/{min(same.ids):05d}"} for same in ways]
        )
        routes = self._get_routes()
        procurements = defaultdict(list)
        for same, reference in zip(ways, references, strict=True):
            source, target = same.origin_id.warehouse_id, same.site_id.warehouse_id
            procurements[target.company_id] += [
                each._prepare_procurement(routes[source, target], reference, now) for each in same
            ]
        for company, own in procurements.items():
            self.env["stock.rule"].with_company(company).run(own)
        self.invalidate_recordset(["move_ids"])
        self._date_moves()
        for same, reference in zip(ways, references, strict=True):
            same.move_ids.picking_id.filtered(
                lambda picking: not picking.origin
            ).origin = reference.name
        pickings = self.move_ids.picking_id
        pickings._message_log_batch(
            {picking.id: self._get_picking_message(picking) for picking in pickings}
        )

    def _get_routes(self):
        """Return Odoo's routes on which the goods go, by the warehouses at both ends.

        :rtype: dict
        """
        routes = {}
        for target, same in self.grouped(lambda each: each.site_id.warehouse_id).items():
            for source, route in target._oms_get_routes_from(same.origin_id.warehouse_id).items():
                routes[source, target] = route
        return routes

    def _prepare_procurement(self, route, reference, now):
        """Return what Odoo is asked for.

        :param route: ``stock.route``
        :param reference: ``stock.reference`` of all that goes the same way
        :param now: when the goods come that have no date
        """
        self.ensure_one()
        target = self.site_id.warehouse_id
        return self.env["stock.rule"].Procurement(
            self.product_id,
            self.quantity,
            self.uom_id,
            target.lot_stock_id,
            self.display_name,
            reference.name,
            target.company_id,
            {
                "route_ids": route,
                "warehouse_id": target,
                "reference_ids": reference,
                "date_planned": self.arrives_at or now,
                "oms_proposal_id": self.id,
            },
        )

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
        moves_at = defaultdict(self.env["stock.move"].browse)
        for move in self.move_ids:
            proposal = move.oms_proposal_id
            leaves = proposal.leaves_at
            arrives = max(proposal.arrives_at or leaves, leaves)
            # What is in transit is on its way; every step before leaves with the truck.
            moves_at[arrives if move.location_id.usage == "transit" else leaves] += move
        for moment, moves in moves_at.items():
            moves.date = moment

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
