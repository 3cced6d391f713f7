from odoo import api, models
from odoo.exceptions import UserError


class SaleOrder(models.Model):
    """One number per order, which the customer, the channel and the bank know it by."""

    _inherit = "sale.order"

    def write(self, vals):
        if "name" in vals:
            self._oms_check_number_kept(vals["name"])
        return super().write(vals)

    def _oms_check_number_kept(self, number):
        """Refuse another number for orders that somebody outside knows by theirs.

        :raises UserError: one was placed or paid
        """
        # sudo: that an order is being paid is known to the system
        known = self.sudo().filtered(
            lambda order: (
                order.name != number
                and (
                    order.state not in ("draft", "sent")
                    or any(each.state != "draft" for each in order.transaction_ids)
                )
            )
        )
        if known:
            raise UserError(
                self.env._(
                    "%s keeps its number: the customer, the channel and the bank know the order "
                    "by it. Use the customer reference for another name.",
                    known[0].name,
                )
            )

    def _action_confirm(self):
        self._oms_check_number_unique()
        return super()._action_confirm()

    def _oms_check_number_unique(self):
        """Refuse numbers by which a bank knows another order, whatever its company.

        Odoo lets two orders bear one name, e.g. the one that a marketplace gave them; but one that
        is paid at a bank is known there by its number.

        :raises UserError: another order that was placed has the number of one of these, and one of
            them is paid at a bank
        """
        self.flush_model(["name", "state"])
        # sudo: the bank knows no companies
        orders = self.sudo()
        placed = orders.search(
            [
                ("name", "in", self.mapped("name")),
                ("state", "not in", ("draft", "sent")),
                ("id", "not in", self.ids),
            ]
        )
        for other in placed:
            same = orders.filtered(lambda order, other=other: order.name == other.name)
            if (other | same).transaction_ids:
                raise UserError(
                    self.env._(
                        "Another order has the number %s already, and the bank knows one of them "
                        "by it: give this one another before it is placed, and each company a "
                        "sequence of its own.",
                        other.name,
                    )
                )


class ResCompany(models.Model):
    """Each company numbers its orders by a sequence of its own, which no other uses."""

    _inherit = "res.company"

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._oms_ensure_order_sequences()
        return companies

    def _oms_ensure_order_sequences(self):
        """Give each company a sequence of orders, unless it has one.

        The first company goes on with Odoo's own, so that its numbers go on.
        """
        # sudo: who makes a company need not have rights on sequences
        sequences = self.env["ir.sequence"].sudo()
        known = sequences.search([("code", "=", "sale.order"), ("company_id", "in", self.ids)])
        main = self.env.ref("base.main_company", raise_if_not_found=False)
        missing = self - known.company_id - (main or self.browse())
        made = sequences.create(
            [
                {
                    "name": f"Sales Order {company.name}",
                    "code": "sale.order",
                    "company_id": company.id,
                    # A hyphen, so that it is nobody else's, however many there are.
                    "prefix": f"S{company.id}-",
                    "padding": 5,
                }
                for company in missing
            ]
        )
        self.env["ir.model.data"].sudo()._update_xmlids(  # sudo: as above
            [
                {
                    "xml_id": f"oms.seq_sale_order_{sequence.company_id.id}",
                    "record": sequence,
                    "noupdate": True,
                }
                for sequence in made
            ]
        )
