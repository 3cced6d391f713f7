from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

STATE_SELECTION = [
    ("open", "To Answer"),
    ("accepted", "Accepted"),
    ("declined", "Declined"),
    ("expired", "Timed Out"),
    ("lost", "Taken by Another Site"),
    ("withdrawn", "Withdrawn"),
]
#: What counts for the share of acceptance.
ANSWERED = ("accepted", "declined", "expired")
#: Over how many days the share of acceptance of a site is counted.
RATE_DAYS = 90
#: Fewer answers than that say nothing of a site.
LEAST_ANSWERS = 10


class OmsOffer(models.Model):
    """What a site was asked to do, and how it answered: kept as its history."""

    _name = "oms.offer"
    _description = "Offer to a Site"
    _order = "id desc"
    _rec_name = "fulfillment_id"

    fulfillment_id = fields.Many2one(
        "oms.fulfillment",
        string="Offered",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
        help="What is offered. Until somebody accepts, its goods are held where sourcing planned "
        "them, so that nothing is sold twice.",
    )
    # Not related: Odoo then adds a new offer twice to what an order has in memory.
    order_id = fields.Many2one(
        "sale.order", required=True, readonly=True, ondelete="cascade", index=True
    )
    channel_id = fields.Many2one(related="fulfillment_id.channel_id", store=True, precompute=True)
    company_id = fields.Many2one(related="fulfillment_id.company_id", store=True, precompute=True)
    site_id = fields.Many2one(
        "oms.site", required=True, readonly=True, ondelete="cascade", index=True
    )
    round = fields.Integer(readonly=True, help="In which round of offers the site was asked.")
    rank = fields.Integer(readonly=True, help="1 is what sourcing would have chosen.")
    currency_id = fields.Many2one(related="fulfillment_id.decision_id.currency_id")
    cost_more = fields.Float(
        string="Costs More",
        digits=(16, 2),
        readonly=True,
        help="What the order costs more than with the site that sourcing chose, by the strategy.",
    )
    state = fields.Selection(
        STATE_SELECTION, required=True, readonly=True, default="open", index=True
    )
    offered_at = fields.Datetime(
        string="Asked", required=True, readonly=True, default=fields.Datetime.now
    )
    until = fields.Datetime(
        related="fulfillment_id.offer_until", string="Answer By", help="Moves with opening hours."
    )
    answered_at = fields.Datetime(string="Answered", readonly=True)
    answer_minutes = fields.Float(
        string="Minutes to Answer",
        compute="_compute_answer_minutes",
        store=True,
        aggregator="avg",
        digits=(16, 1),
    )
    user_id = fields.Many2one("res.users", string="Answered By", readonly=True)
    reason_id = fields.Many2one("oms.reject.reason", readonly=True, ondelete="restrict")
    note = fields.Char(readonly=True)
    result_id = fields.Many2one(
        "oms.fulfillment",
        string="Became",
        readonly=True,
        ondelete="set null",
        help="What the site does now that it has accepted.",
    )
    unit_count = fields.Float(related="fulfillment_id.unit_count", string="Units Offered")

    # Whatever happens at once, one site gets the goods, and is asked once at a time.
    _accepted_uniq = models.UniqueIndex(
        "(fulfillment_id) WHERE state = 'accepted'", "Another site was faster."
    )
    _open_uniq = models.UniqueIndex(
        "(fulfillment_id, site_id) WHERE state = 'open'", "The site has this offer already."
    )
    _rate_idx = models.Index(
        "(site_id, answered_at) WHERE state IN ('accepted', 'declined', 'expired')"
    )

    @api.depends("answered_at", "offered_at")
    def _compute_answer_minutes(self):
        for offer in self:
            waited = offer.answered_at and offer.answered_at - offer.offered_at
            offer.answer_minutes = waited.total_seconds() / 60.0 if waited else 0.0

    @api.depends("fulfillment_id.order_id.name", "site_id.name")
    def _compute_display_name(self):
        for offer in self:
            # sudo: the number of the order is told to whom it is offered
            offer.display_name = f"{offer.sudo().order_id.name}, {offer.site_id.name}"

    # === ANSWERS === #

    def _check_may_answer(self):
        """Only who works at the site answers for it.

        :raise AccessError: somebody else tries
        """
        self.check_access("read")
        if not self.env.user.has_group("stock.group_stock_user"):
            raise AccessError(self.env._("Only who works at a site answers its offers."))

    def _accept(self):
        """Take what was offered; the other sites are told.

        Of several that accept at once the first one to commit gets it.

        :return: the ``oms.fulfillment`` that the site now has
        :raise AccessError: the user does not work at the site
        :raise UserError: another site was faster, the offer is closed, or the site has no longer
            what it takes; nothing is changed then
        :raises psycopg2.errors.SerializationFailure: another transaction was faster: run again
        """
        self.ensure_one()
        self._check_may_answer()
        # sudo: who works at a site may answer, and need not have rights on what follows
        offer = self.sudo()
        offer.fulfillment_id._lock_offers()
        offer._check_open()
        return offer.fulfillment_id._give_to(offer)

    def _decline(self, reason=None, note=None):
        """Say that the sites do not do it; the next ones are asked when all have answered.

        :param reason: ``oms.reject.reason``, or none
        :param str note: what else there is to say
        :raise AccessError: the user does not work at the sites
        :raise UserError: an offer is closed; nothing is changed
        """
        self._check_may_answer()
        # sudo: see _accept
        for offer in self.sudo():
            offer.fulfillment_id._lock_offers()
            offer._check_open()
            offer._close("declined", reason_id=reason and reason.id, note=note)
            offer.fulfillment_id._note_decline(offer)
            offer.fulfillment_id._go_on_asking()

    def _check_open(self):
        self.ensure_one()
        if self.state != "open":
            raise UserError(self._get_closed_sentence())

    def _get_closed_sentence(self):
        """Say why an offer can be answered no more.

        :rtype: str
        """
        self.ensure_one()
        order = self.order_id.name
        if self.state == "lost":
            won = self.fulfillment_id.offer_ids.filtered(lambda each: each.state == "accepted")
            return self.env._(
                "%(site)s was faster: it has %(order)s now.",
                site=won.site_id.name or self.env._("Another site"),
                order=order,
            )
        sentences = {
            "accepted": self.env._("%s was accepted already.", order),
            "declined": self.env._("%s was declined already.", order),
            "expired": self.env._("The time to answer for %s is over.", order),
            "withdrawn": self.env._("%s is not offered any more.", order),
        }
        return sentences[self.state]

    def _close(self, state, **vals):
        """Write down how offers ended."""
        if not self:
            return
        answered = state in ("accepted", "declined")
        self.write(
            {
                "state": state,
                "answered_at": fields.Datetime.now(),
                "user_id": self.env.uid if answered else False,
                **vals,
            }
        )

    def _tell(self, text, kind="info"):
        """Tell the people at the sites something, wherever they are in Odoo.

        :param str text: a sentence
        :param str kind: of the notification
        """
        for site in self.site_id:
            for user in site.user_ids - self.env.user:
                user._bus_send("simple_notification", {"type": kind, "message": text})

    # === ACTION METHODS === #

    def action_accept(self):
        """Accept an offer.

        :return: an action that opens what the site now has to do
        :rtype: dict
        """
        self.ensure_one()
        result = self._accept()
        return {
            "type": "ir.actions.act_window",
            "res_model": "oms.fulfillment",
            "res_id": result.id,
            "view_mode": "form",
        }

    def action_decline(self):
        """Ask why offers are declined.

        :return: a window action
        :rtype: dict
        :raise UserError: none of them is open
        """
        self._check_may_answer()
        offers = self.filtered(lambda offer: offer.state == "open")
        if not offers:
            raise UserError(self.env._("None of these offers is to be answered."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Decline"),
            "res_model": "oms.offer.decline",
            "view_mode": "form",
            "target": "new",
            "context": {"default_offer_ids": offers.ids},
        }
