from typing import NamedTuple

from odoo import api, fields, models

WORK_SELECTION = [
    ("todo", "To Accept"),
    ("accepted", "To Pick"),
    ("picked", "Picked"),
    ("packed", "Packed"),
    ("ready", "Ready"),
]


class Work(NamedTuple):
    """What of a fulfillment is open at its site.

    :param first: ``stock.move`` that take goods off the shelf
    :param later: ``stock.move`` that take them on from there
    """

    first: models.BaseModel
    later: models.BaseModel


class OmsFulfillment(models.Model):
    """How far people at the site are with their work."""

    _inherit = "oms.fulfillment"

    work_state = fields.Selection(
        WORK_SELECTION,
        string="Work",
        compute="_compute_work_state",
        store=True,
        index="btree_not_null",
        help="How far the site is with what was released to it. To accept: the site has not said "
        "yet that it does it. Ready: it waits for the carrier or the customer.",
    )
    accepted_at = fields.Datetime(
        string="Accepted",
        compute="_compute_accepted_at",
        store=True,
        help="When the site said that it does the work.",
    )
    accepted_by_id = fields.Many2one(
        "res.users",
        readonly=True,
        copy=False,
        help="Who accepted the work; empty where the site accepts by itself.",
    )
    picked_at = fields.Datetime(
        string="Picked",
        compute="_compute_work_moments",
        store=True,
        help="Since when all of the goods are off the shelf.",
    )
    packed_at = fields.Datetime(
        string="Packed",
        compute="_compute_work_moments",
        store=True,
        help="Since when all of the goods are in packages.",
    )
    ready_at = fields.Datetime(
        string="Ready",
        compute="_compute_work_moments",
        store=True,
        help="Since when the goods wait for the carrier or the customer.",
    )
    worker_id = fields.Many2one(
        "res.users", string="At Work", readonly=True, copy=False, help="Who works on it now."
    )
    worker_since = fields.Datetime(string="At Work Since", readonly=True, copy=False)
    storage_place = fields.Char(
        readonly=True, copy=False, help="Where the goods lie until they are handed over."
    )
    work_version = fields.Integer(
        string="Version of the Work",
        readonly=True,
        copy=False,
        default=0,
        help="Counts what was done at the site: two people never overwrite each other.",
    )

    _work_idx = models.Index("(site_id, work_state) WHERE work_state IS NOT NULL")

    # === COMPUTE METHODS === #

    @api.depends("released_at")
    def _compute_accepted_at(self):
        for fulfillment in self:
            by_itself = not fulfillment.accepted_at and fulfillment._is_accepted_by_itself()
            fulfillment.accepted_at = (
                fulfillment.released_at if by_itself else fulfillment.accepted_at
            )

    def _is_accepted_by_itself(self):
        """Tell whether nobody has to accept the work once it is released.

        :rtype: bool
        """
        self.ensure_one()
        return self.site_id.auto_accept

    @api.depends(
        "line_ids.move_ids.state",
        "line_ids.move_ids.product_uom_qty",
        "line_ids.move_ids.move_line_ids.picked",
        "line_ids.move_ids.move_line_ids.quantity",
        "line_ids.move_ids.move_line_ids.result_package_id",
    )
    def _compute_work_moments(self):
        now = fields.Datetime.now()
        for fulfillment in self:
            work = fulfillment._get_work()
            if not work.first and not work.later:
                fulfillment._keep_work_moments()
                continue
            picked = work.first._oms_are_picked()
            packed = picked and (work.first + work.later)._oms_are_packed()
            fulfillment.picked_at = picked and (fulfillment.picked_at or now)
            fulfillment.packed_at = packed and (fulfillment.packed_at or now)
            fulfillment.ready_at = picked and fulfillment.ready_at

    def _keep_work_moments(self):
        """Keep what was done when the goods are gone, also by who did it all at once."""
        self.ensure_one()
        done = self._get_moves_left()
        moment = max(done.mapped("date"), default=False)
        self.picked_at = self.picked_at or moment
        self.packed_at = self.packed_at or (done._oms_are_packed() and moment)
        self.ready_at = self.ready_at

    @api.depends("state", "accepted_at", "picked_at", "packed_at", "ready_at")
    def _compute_work_state(self):
        for fulfillment in self:
            fulfillment.work_state = fulfillment._get_work_state()

    def _get_work_state(self):
        """Derive how far the work is from its moments.

        :return: a key of the selection, or False where there is no work
        """
        self.ensure_one()
        if self.state != "released" or not self.site_id.warehouse_id:
            return False
        if self.ready_at:
            return "ready"
        if self.packed_at:
            return "packed"
        if self.picked_at:
            return "picked"
        return "accepted" if self.accepted_at else "todo"

    # === MOVES === #

    def _get_site_moves(self):
        """Return the moves that people at the site do for the fulfillments.

        Not those by which another site sends the goods here first.
        """
        moves = self.env["stock.move"]
        for fulfillment in self:
            warehouse = fulfillment.site_id.warehouse_id
            moves += fulfillment.line_ids.move_ids.filtered(
                lambda move, warehouse=warehouse: (
                    warehouse and move.location_id.warehouse_id == warehouse
                )
            )
        return moves

    def _get_moves_left(self):
        """Return the moves by which goods left the site.

        :rtype: ``stock.move``
        """
        self.ensure_one()
        return self._get_site_moves()._oms_filter_left()

    def _get_work(self):
        """Return what is open at the sites.

        :rtype: Work
        """
        moves = self._get_site_moves()
        open_moves = moves.filtered(lambda move: move.state not in ("draft", "done", "cancel"))
        later = open_moves.filtered(lambda move: move.move_orig_ids & moves)
        return Work(open_moves - later, later)
