from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class OmsReturn(models.Model):
    """Other goods, or store credit, instead of the money."""

    _inherit = "oms.return"

    # === EXCHANGE === #

    def _settle_exchange(self, lines):
        """Credit the invoices, and order the goods that the customer wants instead.

        The new order is paid by the credit. Of a dearer one the customer pays the difference, and
        it is raised as soon as he did; of a cheaper one he gets it back.

        :param dict lines: quantity in the product's unit by line
        """
        _notes, amount = self._credit(lines)
        order = self.env["sale.order"].create(self._prepare_exchange(lines))
        self.exchange_order_id = order
        more = self.currency_id.compare_amounts(order.amount_total, amount)
        # The same goods anew may come to a cent more than their share of what was paid.
        most = amount + len(lines) * self.currency_id.rounding
        if self.currency_id.compare_amounts(order.amount_total, most) <= 0 and not any(
            line._has_other_goods() for line in lines
        ):
            more = min(more, 0)
        if more > 0:
            self._ask_for_difference(order, amount)
            return
        order._oms_pay_by_credit()
        order.action_confirm()
        if more < 0:
            self._pay_back(self.currency_id.round(amount - order.amount_total))

    def _prepare_exchange(self, lines):
        """Return the values of the order of what the customer gets instead.

        The same goods cost what they cost; others cost their price of today.

        :param dict lines: quantity in the product's unit by line
        :rtype: dict
        """
        order = self.order_id
        return {
            "partner_id": order.partner_id.id,
            "partner_invoice_id": order.partner_invoice_id.id,
            "partner_shipping_id": order.partner_shipping_id.id,
            "oms_channel_id": order.oms_channel_id.id,
            "company_id": order.company_id.id,
            "pricelist_id": order.pricelist_id.id,
            "currency_id": order.currency_id.id,
            "fiscal_position_id": order.fiscal_position_id.id,
            "user_id": order.user_id.id,
            "team_id": order.team_id.id,
            "origin": self.name,
            "client_order_ref": order.client_order_ref,
            "require_signature": False,
            "require_payment": False,
            "order_line": [
                Command.create(values)
                for line, quantity in lines.items()
                for values in line._prepare_exchange_lines(quantity)
            ],
        }

    def _ask_for_difference(self, order, paid):
        """Have the customer pay what other goods cost more; the order is raised when he did.

        :param order: ``sale.order`` of the exchange
        :param float paid: what of it his credit pays
        """
        difference = order.currency_id.round(order.amount_total - paid)
        order._oms_ensure_payment_plans()
        # Or the bank is asked for all of it when the goods leave.
        order.oms_payment_plan_id.set_off += paid
        share = difference / order.amount_total
        order.write({"require_payment": True, "prepayment_percent": share, "state": "sent"})
        text = self.env._(
            "%(order)s costs %(amount)s more than what came back: it is raised when the customer "
            "has paid that.",
            order=order.name,
            amount=order.currency_id.format(difference),
        )
        self.message_post(body=text)
        self.activity_schedule("mail.mail_activity_data_todo", note=text)

    # === STORE CREDIT === #

    @api.model
    def _knows_store_credit(self, company):
        """Tell whether customers can be given store credit: by an eWallet of Odoo's loyalty.

        :param company: ``res.company`` of the order
        :rtype: bool
        """
        return bool(self._find_wallet_program(company))

    @api.model
    def _find_wallet_program(self, company, currency=None):
        """Return the program of eWallets of a company.

        :rtype: loyalty.program, or None where loyalty programs are not installed
        """
        if "loyalty.program" not in self.env:
            return None
        # sudo: who takes goods back need not have rights on programs
        programs = (
            self.env["loyalty.program"]
            .sudo()
            .search([("program_type", "=", "ewallet"), ("company_id", "in", (False, company.id))])
        )
        currency = currency or company.currency_id
        return programs.sorted(lambda each: each.currency_id != currency)[:1]

    def _settle_credit(self, lines):
        """Credit the invoices, and put what they come to into the customer's eWallet.

        :param dict lines: quantity in the product's unit by line
        :raise UserError: there are no eWallets
        """
        program = self._find_wallet_program(self.company_id, self.currency_id)
        if not program:
            raise UserError(
                self.env._("There is no eWallet program: make one, or give the money back.")
            )
        notes, amount = self._credit(lines)
        amount = self._set_off(amount)
        if self.currency_id.is_zero(amount):
            return
        points = self.currency_id._convert(
            amount, program.currency_id, self.company_id, fields.Date.context_today(self)
        )
        partner = self.order_id.partner_id
        cards = self.env["loyalty.card"].sudo()
        domain = [("program_id", "=", program.id), ("partner_id", "=", partner.id)]
        card = cards.search(domain, limit=1) or cards.create(
            {"program_id": program.id, "partner_id": partner.id, "points": 0.0}
        )
        card.points += points
        self.env["loyalty.history"].sudo().create(
            {
                "card_id": card.id,
                "description": self.env._("Return %s", self.name),
                "issued": points,
                "order_model": "sale.order",
                "order_id": self.order_id.id,
            }
        )
        self._book_store_credit(program, notes, amount)
        self.message_post(
            body=self.env._(
                "%(amount)s are in the customer's eWallet %(code)s.",
                amount=self.currency_id.format(amount),
                code=card.code,
            )
        )

    def _book_store_credit(self, program, notes, amount):
        """Book the eWallet as bought with what was credited, so that nothing stays open.

        :param program: ``loyalty.program``
        :param notes: the credit notes, ``account.move``
        :param float amount: in the currency of the order
        """
        product = program.trigger_product_ids[:1]
        if not notes or not product or self.currency_id.is_zero(amount):
            return
        bill = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.order_id.partner_invoice_id.id,
                "currency_id": self.currency_id.id,
                "company_id": self.company_id.id,
                "journal_id": notes[:1].journal_id.id,
                "invoice_origin": self.name,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "name": self.env._("Store credit for %s", self.name),
                            "quantity": 1.0,
                            "price_unit": amount,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )
        bill.action_post()
        (notes | bill)._oms_match_open()


class OmsReturnLine(models.Model):
    _inherit = "oms.return.line"

    def _has_other_goods(self):
        """Tell whether the customer wants something else instead of the same again."""
        self.ensure_one()
        return bool(self.exchange_product_id) and self.exchange_product_id != self.product_id

    def _prepare_exchange_lines(self, quantity):
        """Return the values of the order lines of what the customer gets instead.

        The same goods get their share of the discounts on the whole order, too.

        :param float quantity: in the unit of the product
        :rtype: list[dict]
        """
        self.ensure_one()
        values = self._prepare_exchange(quantity)
        share = self.order_id._oms_get_discount_share()
        if self._has_other_goods() or not share:
            return [values]
        reduced = values["price_unit"] * (1.0 - values["discount"] / 100.0)
        cheapest = min(self.order_id.order_line, key=lambda line: line.price_total)
        discount = {
            "product_id": cheapest.product_id.id,
            "name": cheapest.name,
            "product_uom_qty": 1.0,
            "price_unit": -self.currency_id.round(reduced * values["product_uom_qty"] * share),
            "tax_ids": values["tax_ids"],
        }
        discount["technical_price_unit"] = discount["price_unit"]
        return [values, discount]

    def _prepare_exchange(self, quantity):
        """Return the values of the order line of what the customer gets instead.

        :param float quantity: in the unit of the product
        :rtype: dict
        """
        self.ensure_one()
        sale_line = self.sale_line_id
        if self._has_other_goods():
            return {"product_id": self.exchange_product_id.id, "product_uom_qty": quantity}
        return {
            "product_id": self.product_id.id,
            "product_uom_id": sale_line.product_uom_id.id,
            "product_uom_qty": self.uom_id._compute_quantity(quantity, sale_line.product_uom_id),
            "price_unit": sale_line.price_unit,
            "technical_price_unit": sale_line.price_unit,
            "discount": sale_line.discount,
            "tax_ids": [Command.set(sale_line.tax_ids.ids)],
        }


class SaleOrder(models.Model):
    _inherit = "sale.order"

    oms_exchanged_return_ids = fields.One2many(
        "oms.return", "exchange_order_id", string="Exchange For", groups="base.group_user"
    )

    def _oms_pay_by_credit(self):
        """Have nobody ask the customer for money: what came back pays the order."""
        self._oms_ensure_payment_plans()
        policy = self.env["oms.payment.policy"].search(
            [("method", "=", "account"), ("company_id", "in", (False, self.company_id.id))],
            limit=1,
        )
        if policy:
            self.oms_payment_plan_id.policy_id = policy


class AccountMove(models.Model):
    _inherit = "account.move"

    def _post(self, soft=True):
        """What was credited for goods that came back pays what the customer gets instead."""
        posted = super()._post(soft=soft)
        bills = posted.filtered(lambda move: move.move_type == "out_invoice")
        # sudo: who invoices need not have rights on returns
        for bill in bills.sudo():
            orders = bill.invoice_line_ids.sale_line_ids.order_id
            for record in orders.oms_exchanged_return_ids:
                (record.credit_move_ids | bill)._oms_match_open()
        return posted

    def _oms_match_open(self):
        """Match what is still open of invoices and credit notes with each other."""
        items = self.line_ids.filtered(
            lambda item: (
                item.account_id.account_type == "asset_receivable"
                and item.parent_state == "posted"
                and not item.reconciled
            )
        )
        for of_account in items.grouped(lambda item: (item.account_id, item.currency_id)).values():
            if len(set(of_account.mapped(lambda item: item.balance > 0))) > 1:
                of_account.reconcile()
