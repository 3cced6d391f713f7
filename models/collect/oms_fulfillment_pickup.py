from datetime import UTC, datetime, time, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_datetime

from ..promise.promise_case import PICKED_UP
from .pickup_code import make_code, make_token, show_code

PICKUP_SELECTION = [
    ("preparing", "Being Prepared"),
    ("ready", "Waits for the Customer"),
    ("collected", "Collected"),
    ("expired", "Not Collected"),
]
#: Days that a store may be closed in a row without the customer losing what waits for him.
MOST_CLOSED_DAYS = 14
#: Within which the store is to put aside what was reserved.
PUT_ASIDE_WITHIN = timedelta(hours=1)
#: Side of the picture of a code, in pixels.
QR_PIXELS = 240


class OmsFulfillment(models.Model):
    """Goods that wait in a store for the customer: their code, and until when they wait."""

    _inherit = "oms.fulfillment"

    pickup_state = fields.Selection(
        PICKUP_SELECTION,
        string="Pickup",
        compute="_compute_pickup_state",
        store=True,
        index="btree_not_null",
        help="Where goods stand that the customer collects or has reserved in a store; empty for "
        "others.",
    )
    pickup_code = fields.Char(
        readonly=True,
        copy=False,
        groups="oms.group_order_operator",
        help="By which the customer proves that the goods are his. Clerks do not see it: the "
        "customer has to bring it.",
    )
    pickup_token = fields.Char(readonly=True, copy=False, groups="base.group_system")
    pickup_ready_at = fields.Datetime(
        string="Ready Since",
        readonly=True,
        copy=False,
        help="Since when the customer can come.",
    )
    pickup_until = fields.Datetime(
        string="Waits Until",
        readonly=True,
        copy=False,
        help="When the goods go back on the shelf; empty: they wait until somebody decides.",
    )
    pickup_reminded_at = fields.Datetime(string="Reminded", readonly=True, copy=False)
    pickup_expired_at = fields.Datetime(
        string="Given Up",
        readonly=True,
        copy=False,
        help="When the goods went back on the shelf, for nobody came for them.",
    )
    pickup_overdue = fields.Boolean(
        string="Overdue", compute="_compute_pickup_overdue", search="_search_pickup_overdue"
    )
    pickup_partner_id = fields.Many2one(
        "res.partner",
        string="Collected By",
        compute="_compute_pickup_partner_id",
        compute_sudo=True,
        help="Who is told when the goods are ready.",
    )
    pickup_service = fields.Selection(
        related="order_id.oms_service", string="Service", groups="base.group_user"
    )
    pickup_reserved = fields.Boolean(
        compute="_compute_pickup_reserved",
        compute_sudo=True,
        help="The goods are only reserved, nobody has bought them.",
    )
    pickup_code_text = fields.Char(
        string="Code", compute="_compute_pickup_texts", groups="oms.group_order_operator"
    )
    pickup_url = fields.Char(
        string="Customer's Page",
        compute="_compute_pickup_texts",
        groups="oms.group_order_operator",
        help="Shows the code as a picture; whoever has the address may open it.",
    )
    pickup_qr_url = fields.Char(compute="_compute_pickup_texts", groups="oms.group_order_operator")

    _pickup_code_uniq = models.UniqueIndex(
        "(pickup_code) WHERE pickup_code IS NOT NULL", "Another order has this code: try again."
    )
    _pickup_token_uniq = models.UniqueIndex(
        "(pickup_token) WHERE pickup_token IS NOT NULL", "Another order has this page: try again."
    )
    _pickup_until_idx = models.Index("(pickup_until) WHERE pickup_state IN ('preparing', 'ready')")

    # === COMPUTE METHODS === #

    @api.depends(
        "state",
        "site_id",
        "pickup_ready_at",
        "pickup_expired_at",
        "order_id.oms_service",
        "order_id.oms_collect_site_id",
    )
    def _compute_pickup_state(self):
        for fulfillment in self:
            fulfillment.pickup_state = fulfillment._get_pickup_state()

    def _get_pickup_state(self):
        """Return where goods stand that the customer comes for.

        :return: a key of the selection; False for others, and for what was cancelled
        """
        self.ensure_one()
        # sudo: how the customer gets the goods is known to whoever sees them
        if not self.sudo()._is_handed_over():
            return False
        if self.state in ("shipped", "delivered"):
            return "collected"
        if self.state in ("planned", "released"):
            return "ready" if self.pickup_ready_at else "preparing"
        return "expired" if self.pickup_expired_at else False

    @api.depends("pickup_state", "pickup_until")
    def _compute_pickup_overdue(self):
        now = fields.Datetime.now()
        for fulfillment in self:
            until = fulfillment.pickup_until
            fulfillment.pickup_overdue = bool(
                fulfillment.pickup_state == "ready" and until and until < now
            )

    @api.model
    def _search_pickup_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        overdue = fields.Domain("pickup_state", "=", "ready") & fields.Domain(
            "pickup_until", "<", fields.Datetime.now()
        )
        return overdue if True in value else ~overdue

    @api.depends("partner_id", "order_id.partner_id")
    def _compute_pickup_partner_id(self):
        for fulfillment in self:
            # Guests share a customer: who they are says the address of their order.
            address = fulfillment.partner_id
            known = address if address.email or address.phone else fulfillment.order_id.partner_id
            fulfillment.pickup_partner_id = known

    @api.depends("order_id.oms_service", "order_id.state")
    def _compute_pickup_reserved(self):
        for fulfillment in self:
            fulfillment.pickup_reserved = fulfillment._is_reservation()

    @api.depends("pickup_code", "pickup_token")
    def _compute_pickup_texts(self):
        for fulfillment in self:
            # sudo: the address of the page is for whoever may see the code
            code, token = fulfillment.pickup_code, fulfillment.sudo().pickup_token
            base = fulfillment.get_base_url()
            fulfillment.pickup_code_text = show_code(code)
            fulfillment.pickup_url = token and f"{base}/oms/pickup/{token}"
            fulfillment.pickup_qr_url = code and (
                f"{base}/report/barcode/QR/{quote(code)}?width={QR_PIXELS}&height={QR_PIXELS}"
            )

    def _is_reservation(self):
        """Tell whether the goods are put aside for a customer who has not bought them.

        :rtype: bool
        """
        self.ensure_one()
        return self.order_id._oms_is_reservation()

    def _is_handed_over(self):
        order = self.order_id
        if order.oms_service in PICKED_UP and order.oms_collect_site_id:
            # What another site gives to the order has a way to go.
            return self.site_id == order.oms_collect_site_id
        return super()._is_handed_over()

    # === WORK OF THE STORE === #

    @api.depends("pickup_state", "pickup_ready_at", "order_id.state", "order_id.oms_service")
    def _compute_work_state(self):
        return super()._compute_work_state()

    def _get_work_state(self):
        # sudo: how the customer gets the goods is known to whoever sees them
        if self.state == "planned" and self.sudo()._is_reservation():
            if self.pickup_ready_at:
                return "ready"
            return "accepted" if self.accepted_at or self.site_id.auto_accept else "todo"
        return super()._get_work_state()

    @api.depends("pickup_ready_at", "pickup_until", "order_id.state", "order_id.oms_service")
    def _compute_due_at(self):
        # sudo: how the customer gets the goods is known to whoever sees them
        coming = self.filtered(
            lambda each: (
                each.sudo()._is_reservation()
                or (each.pickup_ready_at and each.sudo()._is_handed_over())
            )
        )
        res = super(OmsFulfillment, self - coming)._compute_due_at()
        for fulfillment in coming:
            # Nothing is late at the site once it is ready, until the customer is.
            put_aside = (fulfillment.create_date or fields.Datetime.now()) + PUT_ASIDE_WITHIN
            ready = fulfillment.pickup_ready_at
            fulfillment.due_at = fulfillment.pickup_until if ready else put_aside
        return res

    # === WHO MAY === #

    def _check_may_hand_over(self):
        """Make sure that the user works at the sites.

        :raise AccessError: he does not
        """
        self.check_access("read")
        if not self.env.user.has_group("stock.group_stock_user"):
            raise AccessError(
                self.env._("Only site operators and order operators hand goods over.")
            )

    # === READY === #

    def _make_ready(self, storage=None):
        # sudo: what is only reserved is made ready without transfers, whoever does it
        reserved = self.filtered(lambda fulfillment: fulfillment.sudo()._is_reservation())
        new = reserved._make_reserved_ready(storage)
        others = self - reserved
        if others:
            others._check_all_here()
            new |= super(OmsFulfillment, others)._make_ready(storage)
            # sudo: nobody writes fulfillments, they follow what happens
            others.sudo().filtered(lambda each: each._is_handed_over())._open_pickup()
        return new

    def _unready(self):
        # sudo: nobody writes fulfillments, they follow what happens
        self._check_may_hand_over()
        reserved = self.sudo().filtered(lambda fulfillment: fulfillment._is_reservation())
        self.sudo().pickup_ready_at = False
        others = self - reserved.with_env(self.env)
        return super(OmsFulfillment, others)._unready() if others else None

    def _open_pickup(self):
        """Give goods that are ready their code, and tell the customers.

        What was ready before is left as it is: nobody is told twice.
        """
        # sudo: nobody writes fulfillments, they follow what happens
        fresh = self.sudo().filtered(lambda fulfillment: not fulfillment.pickup_ready_at)
        now = fields.Datetime.now()
        for fulfillment in fresh:
            fulfillment.write(
                {
                    "pickup_ready_at": now,
                    "pickup_until": fulfillment._get_pickup_until(now),
                    "pickup_code": fulfillment.pickup_code or make_code(),
                    "pickup_token": fulfillment.pickup_token or make_token(),
                }
            )
        fresh._tell_customer("ready")
        fresh.order_id._oms_raise("fulfillment.ready")._run_later()

    def _get_pickup_until(self, moment):
        """Return until when goods wait that are ready at a moment: closing time of a day.

        :param datetime moment: UTC without time zone
        :return: UTC without time zone; False if they wait for ever
        """
        self.ensure_one()
        if self._is_reservation():
            return self.pickup_until
        days = self.channel_id.pickup_days
        if not days:
            return False
        site, zone = self.site_id, ZoneInfo(self.site_id.tz)
        day = moment.replace(tzinfo=UTC).astimezone(zone).date() + timedelta(days=days)
        noon = _to_utc(datetime.combine(day, time(12), zone))
        hours = site._get_working_times(noon)[site]
        # The last day is one on which the customer can come.
        latest = day + timedelta(days=MOST_CLOSED_DAYS)
        day = min(next(iter(hours.days), latest), latest)
        return _to_utc(datetime.combine(day, time(23, 59, 59), zone))

    # === LONGER === #

    def _extend_pickup(self, until):
        """Have goods wait longer, or shorter, for their customers.

        :param datetime until: UTC without time zone
        :raise AccessError: the user does not work at the sites
        :raise UserError: nothing waits, the moment has passed, or a reservation has ended
        """
        self._check_may_hand_over()
        # sudo: nobody writes fulfillments but through methods like this
        waiting = self.sudo().filtered(lambda each: each.pickup_state in ("preparing", "ready"))
        if not waiting:
            raise UserError(self.env._("Nothing of this waits for a customer."))
        if until <= fields.Datetime.now():
            raise UserError(self.env._("Choose a moment to come."))
        waiting._lock_work()
        reserved = waiting.filtered(lambda each: each._is_reservation())
        reserved._extend_claims(until)
        waiting.write({"pickup_until": until})
        for fulfillment in waiting:
            fulfillment.message_post(
                body=self.env._(
                    "Waits for the customer until %s.",
                    format_datetime(self.env, until, tz=fulfillment.site_id.tz),
                )
            )

    def action_extend_pickup(self):
        """Ask until when the goods are to wait.

        :return: a window action
        :rtype: dict
        """
        self._check_may_hand_over()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Wait Longer"),
            "res_model": "oms.pickup.extend",
            "view_mode": "form",
            "target": "new",
            "context": {"default_fulfillment_ids": self.ids},
        }


def _to_utc(moment):
    return moment.astimezone(UTC).replace(tzinfo=None)
