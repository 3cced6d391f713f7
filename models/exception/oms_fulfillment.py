from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError


class OmsFulfillment(models.Model):
    """How sites give work back, and how it is taken from them."""

    _inherit = "oms.fulfillment"

    rejection_ids = fields.One2many(
        "oms.rejection", "fulfillment_id", string="Rejections", groups="base.group_user"
    )
    rejection_count = fields.Integer(compute="_compute_rejection_count", groups="base.group_user")
    can_reject = fields.Boolean(compute="_compute_can_reject", groups="base.group_user")

    @api.depends("rejection_ids")
    def _compute_state(self):
        return super()._compute_state()

    def _get_state(self):
        state = super()._get_state()
        return "rejected" if state == "cancelled" and self.rejection_ids else state

    @api.depends("rejection_ids")
    def _compute_rejection_count(self):
        for fulfillment in self:
            fulfillment.rejection_count = len(fulfillment.rejection_ids)

    @api.depends("state")
    @api.depends_context("uid")
    def _compute_can_reject(self):
        allowed = self.env.user.has_group("stock.group_stock_user")
        for fulfillment in self:
            fulfillment.can_reject = allowed and fulfillment.state in ("planned", "released")

    # === REJECTION === #

    def _reject(self, reason, quantities=None, note=None):
        """Give back what sites cannot or will not serve; it is sourced elsewhere.

        Exactly what is given back is cancelled, and the stock changes as the reason says. What
        follows runs in a transaction of its own: whoever rejects does not wait for it.

        :param reason: ``oms.reject.reason``
        :param dict quantities: quantity in the product's unit by ``oms.fulfillment.line``; all
            that is open when None
        :param str note: what else there is to say
        :return: the rejections
        :rtype: ``oms.rejection``
        :raise AccessError: somebody tries who does not work at the sites
        :raise UserError: nothing is open to be given back
        :raise ValidationError: a quantity is not above zero, or more than is open
        """
        self._check_can_reject()
        # sudo: who works at a site may give back its work, and need not have rights on all of it
        fulfillments = self.sudo()
        if quantities is None:
            lines = fulfillments.line_ids
            quantities = lines._keep_positive({line: line._get_quantity_open() for line in lines})
        else:
            quantities = {line.sudo(): quantity for line, quantity in quantities.items()}
            fulfillments._check_quantities(quantities)
        if not quantities:
            raise UserError(
                self.env._(
                    "Nothing is open to be given back of %s: it is shipped or cancelled.",
                    ", ".join(self.mapped("name")),
                )
            )
        rejections = fulfillments._record_rejections(quantities, reason, note)
        spots = {}
        for rejection, (line, quantity) in zip(rejections, quantities.items(), strict=True):
            spots[rejection] = line._stop(quantity)
        rejections._apply_stock_effect(spots)
        rejections.fulfillment_line_id._carry_back()
        hopeless = rejections._take_back_hopeless()
        fulfillments._note_rejections(rejections)
        orders = (rejections.order_id | hopeless.order_id).filtered(
            lambda order: order.state == "sale"
        )
        orders._oms_raise("fulfillment.rejected")._run_later()
        return rejections

    def _check_can_reject(self):
        self.check_access("read")
        if not self.env.user.has_group("stock.group_stock_user"):
            raise AccessError(
                self.env._("Only site operators and order operators give fulfillments back.")
            )

    def _check_quantities(self, quantities):
        for line, quantity in quantities.items():
            if line.fulfillment_id not in self:
                raise ValidationError(
                    self.env._("%s is not of this fulfillment.", line.product_id.display_name)
                )
            there = line._get_quantity_open()
            if line.uom_id.compare(quantity, 0.0) <= 0 or line.uom_id.compare(quantity, there) > 0:
                raise ValidationError(
                    self.env._(
                        "%(quantity)s of %(product)s cannot be given back: %(open)s are open.",
                        quantity=f"{quantity:g}",
                        product=line.product_id.display_name,
                        open=f"{there:g}",
                    )
                )

    @api.model
    def _record_rejections(self, quantities, reason, note=None):
        """Write down what sites gave back.

        :param dict quantities: quantity by ``oms.fulfillment.line``
        """
        now = self.env.cr.now().replace(microsecond=0)
        cool_down = reason.cool_down_hours
        return (
            self.env["oms.rejection"]
            .sudo()  # sudo: rejections are written by methods only
            .create(
                [
                    {
                        "fulfillment_line_id": line.id,
                        "fulfillment_id": line.fulfillment_id.id,
                        "order_id": line.fulfillment_id.order_id.id,
                        "quantity": quantity,
                        "reason_id": reason.id,
                        "note": note,
                        "rejected_at": now,
                        "cool_until": cool_down and now + timedelta(hours=cool_down),
                        "stock_effect": reason.stock_effect or "none",
                    }
                    for line, quantity in quantities.items()
                ]
            )
        )

    def _note_rejections(self, rejections):
        """Tell on the fulfillments and their orders what was given back and why."""
        for fulfillment, group in rejections.grouped("fulfillment_id").items():
            what = ", ".join(f"{each.quantity:g} {each.product_id.display_name}" for each in group)
            text = self.env._(
                "%(site)s gave back %(what)s: %(reason)s. %(note)s",
                site=fulfillment.site_id.name,
                what=what,
                reason=group.reason_id.name or self.env._("no reason given"),
                note=group[0].note or "",
            ).strip()
            fulfillment.message_post(body=text)
            fulfillment.order_id._oms_note(text)

    # === TAKING BACK === #

    def _oms_take_back(self, reason, event="site.offline"):
        """Return to sourcing what nobody at the sites works on yet.

        It is not held against the sites, and they may be asked again as soon as they can.

        :param str reason: a sentence on why, for the chatter
        :param str event: key of the event that the orders get, run in a transaction of its own
        :return: the fulfillments of which something was taken back
        """
        # sudo: the addon takes back work for the system, whoever caused it
        taken = self.sudo()._take_back_idle()
        for fulfillment in taken:
            fulfillment.message_post(body=reason)
        for order, fulfillments in taken.grouped("order_id").items():
            order._oms_note(
                self.env._(
                    "Taken back from %(sites)s: %(reason)s",
                    sites=", ".join(fulfillments.site_id.mapped("name")),
                    reason=reason,
                )
            )
        taken.order_id._oms_raise(event)._run_later()
        return taken

    def _take_back_idle(self):
        """Cancel what nobody works on yet.

        :return: the fulfillments of which something was
        """
        return self.line_ids._stop_idle().fulfillment_id

    # === ACTION METHODS === #

    def action_reject(self):
        """Ask why and how much is given back.

        :return: a window action
        :rtype: dict
        :raise UserError: nothing is open
        """
        self._check_can_reject()
        if not any(fulfillment.can_reject for fulfillment in self):
            raise UserError(self.env._("Nothing of this is open to be given back."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Give Back"),
            "res_model": "oms.fulfillment.reject",
            "view_mode": "form",
            "target": "new",
            "context": {"default_fulfillment_ids": self.ids},
        }

    def action_view_rejections(self):
        """Open what was given back of the fulfillments.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_rejection")
        action["domain"] = [("fulfillment_id", "in", self.ids)]
        action["context"] = {}
        return action
