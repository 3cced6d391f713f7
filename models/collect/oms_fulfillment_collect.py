from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_datetime

from .pickup_code import LENGTH, read_code


class OmsFulfillment(models.Model):
    """Handing over to customers who come to the store."""

    _inherit = "oms.fulfillment"

    pickup_handed_by_id = fields.Many2one(
        "res.users", string="Handed Over By", readonly=True, copy=False
    )
    pickup_identity_checked = fields.Boolean(string="Identity Checked", readonly=True, copy=False)

    # === WHOSE CODE IT IS === #

    @api.model
    def _find_by_code(self, text, site=None):
        """Return what waits for the customer who brings a code.

        :param str text: as it was scanned or typed
        :param site: ``oms.site`` at which the customer stands; any of the user's when None
        :return: one fulfillment that waits for its customer at that site
        :raise UserError: it is no code, nobody's, another store's, collected, given up, or not
            ready, each in words of its own; or the user entered too many wrong ones
        """
        Try = self.env["oms.pickup.try"]
        if pause := Try._get_pause_sentence():
            raise UserError(pause)
        code = read_code(text)
        # sudo: codes are not for clerks to read; whether one is right they are told
        found = self.sudo().search(
            [("pickup_code", "=", code), ("company_id", "in", self.env.companies.ids)]
        )
        if not code or not found:
            Try._note()
            raise UserError(self._get_wrong_code_sentence(text, code))
        found = found.with_env(self.env)
        if found.sudo().site_id != (site or found.sudo().site_id) or not found.has_access("read"):
            raise UserError(
                self.env._(
                    "The code is right, but these goods wait at %s, not here.",
                    found.sudo().site_id.name,
                )
            )
        found._check_waits()
        return found

    @api.model
    def _get_wrong_code_sentence(self, text, code):
        if not code:
            return self.env._(
                "“%(text)s” is no pickup code: these have %(signs)s letters and digits.",
                text=(text or "")[:40],
                signs=LENGTH,
            )
        return self.env._(
            "Nothing has the code %s. Have the customer show it again, or find the order by name.",
            text,
        )

    def _check_waits(self):
        """Make sure that goods wait for their customer, here and now.

        :raise UserError: they do not, with the reason
        """
        self.ensure_one()
        # sudo: why goods cannot be handed over is told to whoever may read them
        fulfillment = self.sudo()
        order, state = fulfillment.order_id, fulfillment.pickup_state
        names = {
            "order": order.name,
            "customer": fulfillment.pickup_partner_id.name or "",
            "by": fulfillment.pickup_handed_by_id.name or self.env._("somebody"),
            "site": fulfillment.site_id.name,
        }
        zone = fulfillment.site_id.tz
        if not state and order.state != "cancel":
            raise UserError(self.env._("%s is not collected here.", fulfillment.name))
        if state == "collected":
            names["moment"] = format_datetime(
                self.env, fulfillment.delivered_at or fulfillment.shipped_at, tz=zone
            )
            raise UserError(
                self.env._(
                    "%(order)s of %(customer)s was handed over already, on %(moment)s by %(by)s.",
                    **names,
                )
            )
        if state == "expired":
            names["moment"] = format_datetime(self.env, fulfillment.pickup_expired_at, tz=zone)
            raise UserError(
                self.env._(
                    "%(order)s of %(customer)s was not collected in time: it went back on the "
                    "shelf on %(moment)s.",
                    **names,
                )
            )
        if not state:
            raise UserError(self.env._("%(order)s of %(customer)s was cancelled.", **names))
        if state == "preparing":
            raise UserError(
                self.env._("%(order)s of %(customer)s is still being prepared.", **names)
            )

    # === HANDING OVER === #

    def _collect(self, code=None, identity_checked=False, quantities=None, rest="keep"):
        """Hand goods over to the customer who came for them.

        :param str code: what the customer brought; None when he was found by name or order
        :param bool identity_checked: somebody looked at an identity card
        :param dict quantities: what he takes, in the product's unit by ``oms.fulfillment.line``;
            all when None
        :param str rest: what becomes of what he leaves: ``keep`` it for him, or ``return`` it to
            the shelf and take it off the order
        :return: what the clerk should know besides, sentences
        :rtype: list[str]
        :raise AccessError: the user does not work at the site
        :raise UserError: the goods do not wait here, or the identity has to be checked; see
            :meth:`_check_waits`
        :raise ValidationError: a quantity that is not there
        """
        self.ensure_one()
        self._check_may_hand_over()
        self._lock_work()
        if code is not None and self.env["oms.fulfillment"]._find_by_code(code) != self:
            raise UserError(self.env._("The code belongs to another order."))
        # sudo: who stands there gets what is picked, though nobody has put it aside
        if self.pickup_state == "preparing" and self.work_state and self.picked_at:
            self.sudo().pickup_ready_at = fields.Datetime.now()
        self._check_waits()
        # sudo: who works at a site hands over, and need not have rights on all of the order
        fulfillment = self.sudo()
        if fulfillment._is_reservation():
            raise UserError(
                self.env._(
                    "%s is only reserved: sell what the customer takes, or release it.", self.name
                )
            )
        fulfillment._check_identity(code is not None, identity_checked)
        fulfillment._check_rest(rest)
        if quantities is not None:
            quantities = {line.sudo(): quantity for line, quantity in quantities.items()}
            fulfillment._check_taken(quantities)
        fulfillment._hand_over_some(quantities, rest)
        fulfillment._note_collected(code is not None, identity_checked)
        return fulfillment._get_other_waiting()

    def _check_taken(self, quantities):
        """Make sure that what the customer takes is here.

        :raise ValidationError: it is not
        """
        for line, quantity in quantities.items():
            there = line._get_quantity_open() if line.fulfillment_id == self else 0.0
            if quantity < 0 or line.uom_id.compare(quantity, there) > 0:
                raise ValidationError(
                    self.env._(
                        "%(quantity)s of %(product)s cannot be taken: %(there)s are here.",
                        quantity=f"{quantity:g}",
                        product=line.product_id.display_name,
                        there=f"{there:g}",
                    )
                )

    def _check_identity(self, with_code, checked):
        """Make sure that the identity was checked where the channel wants it.

        :raise UserError: it was not
        """
        policy = self.channel_id.pickup_identity
        if not checked and (policy == "always" or (policy == "no_code" and not with_code)):
            raise UserError(
                self.env._(
                    "Check the identity of %s first, and say that you did.",
                    self.pickup_partner_id.name or self.env._("the customer"),
                )
            )

    def _hand_over_some(self, quantities, rest):
        """Have the goods leave, as Odoo's transfers; see :meth:`_collect`."""
        self.ensure_one()
        there = {line: line._get_quantity_open() for line in self.line_ids}
        if quantities is None:
            quantities = there
        quantities = self.line_ids._keep_positive(quantities)
        if not quantities:
            raise UserError(self.env._("Say what the customer takes."))
        left = self.line_ids._keep_positive(
            {
                line: line.uom_id.round(quantity - quantities.get(line, 0.0))
                for line, quantity in there.items()
            }
        )
        if left and rest == "return":
            self._give_up_open(left)
            left = {}
        if left:
            self._hand_over_part(quantities)
        else:
            self._hand_over()

    def _hand_over_part(self, quantities):
        """Have just so much leave; the rest stays ready for the customer.

        :param dict quantities: in the product's unit by ``oms.fulfillment.line``
        :raise UserError: something of it is not picked
        """
        self._do_steps_before_last()
        work, left = self._get_work(), dict(quantities)
        work.later.move_line_ids.picked = True
        moves = work.first + work.later
        for move in moves.sorted("id"):
            line, picked = move.oms_fulfillment_line_id, move._oms_get_picked()
            part = min(left.get(line, 0.0), picked)
            left[line] = left.get(line, 0.0) - part
            move._oms_unpick(line.uom_id.round(picked - part))
        if self.line_ids._keep_positive(left):
            raise UserError(self.env._("What the customer takes is not picked yet."))
        moves.filtered("picked")._oms_validate()
        # What lay ready lies there still.
        self._pick()
        self._make_ready(self.storage_place or None)

    def _note_collected(self, with_code, identity_checked):
        self.write(
            {
                "pickup_handed_by_id": self.env.uid,
                "pickup_identity_checked": identity_checked,
            }
        )
        how = (
            self.env._("Handed over on the code.")
            if with_code
            else self.env._("Handed over without the code.")
        )
        checked = self.env._("The identity was checked.") if identity_checked else ""
        self.message_post(body=f"{how} {checked}".strip())

    def _get_other_waiting(self):
        """Say what else waits here for the same customer, and what he has left.

        :rtype: list[str]
        """
        self.ensure_one()
        sentences = []
        if self.pickup_state == "ready":
            sentences.append(self.env._("The rest of %s stays here for the customer.", self.name))
        others = self._find_same_customer()
        if others:
            sentences.append(
                self.env._(
                    "More waits here for %(customer)s: %(orders)s.",
                    customer=self.pickup_partner_id.name,
                    orders=", ".join(
                        f"{each.order_id.name} ({each.storage_place})"
                        if each.storage_place
                        else each.order_id.name
                        for each in others
                    ),
                )
            )
        return sentences

    def _find_same_customer(self):
        """Return what else waits at the site for the customer."""
        partner = self.pickup_partner_id
        who = Domain("order_id.partner_id", "=", partner.id) | Domain("partner_id", "=", partner.id)
        here = Domain("site_id", "=", self.site_id.id) & Domain("pickup_state", "=", "ready")
        return self.search(who & here & Domain("id", "!=", self.id), order="pickup_ready_at, id")

    def _check_rest(self, rest):
        if rest not in ("keep", "return"):
            raise ValidationError(
                self.env._("What is left is kept for the customer, or returned to the shelf.")
            )

    # === ACTION METHODS === #

    def action_hand_over(self):
        # sudo: how the customer gets the goods is known to whoever sees them
        coming = self.filtered(lambda fulfillment: fulfillment.sudo()._is_handed_over())
        if not coming:
            return super().action_hand_over()
        if len(self) > 1:
            raise UserError(
                self.env._("Hand what customers collect over one by one, and check whose it is.")
            )
        return self.action_sell() if self.sudo()._is_reservation() else self.action_collect()

    def action_collect(self):
        """Ask for the code and what the customer takes.

        :return: a window action
        :rtype: dict
        :raise UserError: nothing waits
        """
        self.ensure_one()
        self._check_may_hand_over()
        self._check_waits()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Hand Over"),
            "res_model": "oms.pickup.collect",
            "view_mode": "form",
            "target": "new",
            "context": {"default_fulfillment_id": self.id},
        }
