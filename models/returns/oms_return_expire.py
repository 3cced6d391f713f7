import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..words import write_goods, write_quantity

_logger = logging.getLogger(__name__)

#: States from which a return can begin again: nothing came of it, and nobody refused it.
ASLEEP_STATES = ("expired", "cancelled")


class OmsReturn(models.Model):
    """Returns of which nothing comes end by themselves, and begin again where something does."""

    _inherit = "oms.return"

    expires_at = fields.Datetime(
        string="Waits Until",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="If nothing came by then, nothing is expected any more. What the carrier has is not "
        "given up: somebody is asked to look for it.",
    )

    # === GIVEN UP === #

    def _get_expires_at(self):
        """Return until when goods that are authorized, or shipped, now are waited for.

        :return: moment in UTC, False without end
        :rtype: datetime
        """
        self.ensure_one()
        days = self.policy_id.wait_days
        return days > 0 and fields.Datetime.now() + timedelta(days=days)

    @api.model
    def _cron_expire(self):
        """Give up what did not come in time."""
        waiting = self.search(
            [
                ("state", "in", ("authorized", "in_transit")),
                ("expires_at", "<=", fields.Datetime.now()),
            ],
            order="id",
        )
        self.env["ir.cron"]._commit_progress(remaining=len(waiting))
        for record in waiting:
            try:
                with self.env.cr.savepoint():
                    record._end_waiting()
            except UserError as error:
                # What keeps one of them must not keep the others.
                record.invalidate_recordset()
                _logger.warning("%s is not given up: %s", record.name, error.args[0])
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def _end_waiting(self):
        """Go on with a return that was waited for long enough."""
        self.ensure_one()
        if self._is_being_received():
            return
        if self.state == "in_transit":
            text = self.env._(
                "The carrier has it since %s, and it did not come: look for the parcel.",
                format_date(self.env, self.shipped_at),
            )
            self.expires_at = False
            self.activity_schedule("mail.mail_activity_data_todo", note=text)
        elif self.item_ids:
            self._finish_receipt()
        else:
            self._expire()

    def _is_being_received(self):
        """Tell whether somebody has goods of the return in hand.

        :rtype: bool
        """
        self.ensure_one()
        return False

    def _expire(self):
        """Expect nothing any more of returns of which nothing came.

        :raise UserError: something came, or the carrier has it
        """
        self._check_state(("authorized",), self.env._("given up"))
        # sudo: nobody writes returns, they follow what happens
        records = self.sudo()
        records._lock_work()
        records.order_id.order_line._oms_lock_returns()
        records.write({"state": "expired"})
        records._cancel_pickings()
        records._raise_event("return.expired")

    # === AGAIN === #

    def _reopen(self):
        """Let customers send or bring all the same what was given up or cancelled.

        :raise UserError: they do not have the goods any more, or announced them elsewhere
        """
        self._wake()
        self.sudo().filtered(lambda record: record.state == "authorized")._request_labels()

    def _wake(self):
        """Wait for goods again; labels are left as they are.

        :raise UserError: as in :meth:`_reopen`
        """
        self._check_state(ASLEEP_STATES, self.env._("opened again"))
        # sudo: who opens a return again need not have rights on transfers
        for record in self.sudo():
            record._lock_work()
            record.order_id.order_line._oms_lock_returns()
            record._check_still_there()
            if not record.authorized_at:
                record.state = "requested"
                continue
            record.write(
                {
                    "state": "authorized",
                    "expected_at": record._get_expected_at(),
                    "expires_at": record._get_expires_at(),
                }
            )
            record._prepare_pickings()
            record._raise_event("return.authorized")

    def _check_still_there(self):
        """Make sure that customers have what was announced, and announced it nowhere else.

        :raise UserError: they do not
        """
        self.ensure_one()
        lines = self.line_ids.sale_line_id
        facts = lines._oms_get_return_facts(ignored=self)
        for sale_line, parts in self.line_ids.grouped("sale_line_id").items():
            left = sale_line._oms_get_left_of_moves(facts)
            if self.order_id._oms_is_refunded():
                left = []
            room = sum(quantity for _move, _at, quantity in left)
            wanted = sum(parts.mapped("quantity"))
            if sale_line.product_id.uom_id.compare(wanted, room) > 0:
                raise UserError(
                    self.env._(
                        "%(return)s cannot be opened again: of %(goods)s the customer can send "
                        "%(room)s; the rest is back, refunded, or in another return.",
                        **{
                            "return": self.name,
                            "goods": write_goods(self.env, wanted, sale_line.product_id),
                            "room": write_quantity(self.env, room, sale_line.product_id.uom_id),
                        },
                    )
                )

    def action_reopen(self):
        """Wait for the goods again.

        :return: True
        :raise UserError: the customer does not have them any more
        """
        self._check_may_decide()
        self._reopen()
        return True
