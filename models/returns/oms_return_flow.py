from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .oms_return import DEAD_STATES, OPEN_STATES


class OmsReturn(models.Model):
    """From the request to the end: who may go where, and what is told of it."""

    _inherit = "oms.return"

    def _raise_event(self, event):
        """Have the workflows of the channels run what follows, in a transaction of their own.

        :param str event: key of the event
        """
        # sudo: events are written by the workflow, whoever caused them
        self.sudo().order_id._oms_raise(event)._run_later()

    def _check_state(self, states, what):
        """Make sure that the returns are in one of some states.

        :param states: keys of states
        :param str what: what was to be done, for people
        :raise UserError: one is not
        """
        for record in self:
            if record.state not in states:
                raise UserError(
                    self.env._(
                        "%(return)s cannot be %(what)s: it is %(state)s.",
                        **{
                            "return": record.name,
                            "what": what,
                            "state": record._label("state", record.state).lower(),
                        },
                    )
                )

    def _lock_work(self):
        """Take returns for this transaction alone: who comes second waits, or is run again."""
        if self:
            self.flush_recordset()
            # Changed, not only locked: who read it before then fails, and is run again.
            self.env.cr.execute(
                SQL("UPDATE oms_return SET id = id WHERE id = ANY(%s)", sorted(self.ids)),
                log_exceptions=False,
            )

    # === AUTHORIZED, REFUSED, CANCELLED === #

    def _authorize(self):
        """Let the customers send or bring the goods: choose the site, make transfers and labels.

        :raise UserError: one was decided on before, or no site takes returns
        """
        self._check_state(("requested",), self.env._("authorized"))
        # sudo: who authorizes a return need not have rights on transfers
        for record in self.sudo():
            if record.way != "keep" and not record.site_id:
                record._choose_site()
            record.write({"state": "authorized", "authorized_at": fields.Datetime.now()})
            record._raise_event("return.authorized")
            if record.way == "keep":
                record._keep()
            else:
                record.expected_at = record.expected_at or record._get_expected_at()
                record.expires_at = record._get_expires_at()
                record._prepare_pickings()
                record._request_labels()

    def _keep(self):
        """Settle what the customer keeps: nothing comes back."""
        now = fields.Datetime.now()
        self.write({"state": "inspected", "received_at": now, "inspected_at": now})
        self._settle()

    def _refuse(self, reason):
        """Tell the customers that nothing can come back.

        :param str reason: why, for the customers
        :raise UserError: there is no reason, or it was decided on before
        """
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the return is refused: the customer reads it."))
        self._check_state(("requested",), self.env._("refused"))
        # sudo: nobody writes returns, they follow what people decide
        self.sudo().write({"state": "refused", "refuse_reason": reason.strip()})
        self._raise_event("return.refused")

    def _cancel(self):
        """Give returns up of which nothing has come.

        :raise UserError: something came
        """
        self._check_state(OPEN_STATES, self.env._("cancelled"))
        # sudo: who cancels a return need not have rights on transfers
        records = self.sudo()
        records._lock_work()
        records.order_id.order_line._oms_lock_returns()
        for record in records:
            if record.item_ids:
                raise UserError(
                    self.env._(
                        "Something of %s came already: inspect it, and end the return.",
                        record.name,
                    )
                )
        records.write({"state": "cancelled"})
        records._cancel_pickings()
        self._raise_event("return.cancelled")

    def _cancel_pickings(self):
        """Cancel the transfers of what will not come."""
        self.picking_ids.filtered(lambda p: p.state not in ("done", "cancel")).action_cancel()

    # === ON ITS WAY === #

    def _set_in_transit(self, moment=None):
        """Write down that the carrier has the goods.

        :param datetime moment: when, in UTC; now when None
        """
        # sudo: nobody writes returns, they follow what happens
        begun = self.sudo().filtered(lambda record: record.state == "authorized")
        for record in begun:
            record.write(
                {
                    "state": "in_transit",
                    "shipped_at": moment or fields.Datetime.now(),
                    "expires_at": record._get_expires_at(),
                }
            )
        begun._raise_event("return.shipped")

    # === END === #

    def _close(self):
        """End returns that are settled; what did not come is not expected any more.

        :raise UserError: something of it is still to be inspected or settled
        """
        self._check_state(("received", "inspected"), self.env._("closed"))
        # sudo: who ends a return need not have rights on transfers
        for record in self.sudo():
            if any(item.state != "inspected" for item in record.item_ids):
                raise UserError(self.env._("Inspect all that came of %s first.", record.name))
            if record._get_unsettled():
                raise UserError(
                    self.env._("The customer is still to get something for %s.", record.name)
                )
        self.sudo().write({"state": "closed", "closed_at": fields.Datetime.now()})
        self.sudo()._cancel_pickings()
        self._raise_event("return.closed")

    # === SITE === #

    def _choose_site(self):
        """Choose to which site the goods go, and write down why.

        :raise UserError: no site of the company takes returns
        """
        self.ensure_one()
        sites = self._get_possible_sites()
        if not sites:
            raise UserError(
                self.env._("No site takes returns: allow it at one of them, or choose one.")
            )
        partner = self.order_id.partner_shipping_id or self.partner_id
        far = sites._get_kilometers_to_partner(partner)
        site = min(sites, key=lambda each: (far.get(each, float("inf")), each.sequence, each.id))
        self.site_id = site
        self.site_reason = (
            self.env._("The nearest site that takes returns: %.0f km.", far[site])
            if site in far
            else self.env._("The first site that takes returns: distances are not known.")
        )

    def _get_possible_sites(self):
        """Return the sites that take the return: of the company, with a warehouse."""
        self.ensure_one()
        return self.env["oms.site"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("takes_returns", "=", True),
                ("warehouse_id", "!=", False),
            ]
        )

    def _is_over(self):
        """Tell whether nothing more can come of the return.

        :rtype: bool
        """
        self.ensure_one()
        return self.state in ("closed", *DEAD_STATES)
