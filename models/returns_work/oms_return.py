from odoo import fields, models
from odoo.exceptions import AccessError

#: States in which a site takes goods of a return in.
COMING_STATES = ("requested", "authorized", "in_transit", "received", "expired")
#: States in which the order of goods can still be found.
MATCHING_STATES = (*COMING_STATES, "inspected")
#: States in which a return is work of a site.
WORK_STATES = ("authorized", "in_transit", "received")


class OmsReturn(models.Model):
    """What people at a site do with goods that come back."""

    _inherit = "oms.return"

    receipt_key = fields.Char(
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="By which the device that took the goods in calls a return that nobody announced.",
    )
    receipt_item_ids = fields.One2many(
        "oms.receipt.item",
        "return_id",
        string="Being Received",
        readonly=True,
        groups="base.group_user",
    )

    _receipt_key_uniq = models.UniqueIndex(
        "(receipt_key) WHERE receipt_key IS NOT NULL", "This return was begun before."
    )

    def _check_can_work(self):
        """Make sure that the user may take the goods in; at which site is said by what is done.

        Goods come to other sites than was announced, so whoever works at one site of the company
        may take in what was announced for another.

        :raise AccessError: the user may not
        """
        if not self.env.user.has_group("stock.group_stock_user"):
            raise AccessError(self.env._("Only people who work at the sites do their work."))
        # sudo: returns of other sites of the company come here, too
        for record in self.sudo().exists():
            if record.company_id not in self.env.companies:
                raise AccessError(self.env._("That is a return of another company."))

    def _is_being_received(self):
        return bool(self.receipt_item_ids) or super()._is_being_received()

    def _prepare_item(self, item, site):
        vals = super()._prepare_item(item, site)
        if "accepted" in item:
            vals["accepted"] = item["accepted"]
        return vals

    def _is_seen_at(self, site):
        """Tell whether people of a site may see a return.

        :param site: ``oms.site`` at which the user works
        :rtype: bool
        """
        self.ensure_one()
        # sudo: whether it is one of those that may come here, too
        record = self.sudo()
        comes = record.state in COMING_STATES and record.company_id == site.company_id
        return comes or self.has_access("read")

    def _get_goods_in_hand(self):
        """Return what came of a return of which nobody knows the order.

        :return: quantity in the product's unit by (product, lot or empty)
        :rtype: dict
        """
        self.ensure_one()
        goods = {}
        for item in [*self.receipt_item_ids.filtered("product_id"), *self.item_ids]:
            key = item.product_id, item.lot_id
            goods[key] = goods.get(key, 0.0) + item.quantity
        return goods

    def _note_unknown(self, goods, site):
        """Have somebody look at goods of which nobody knows what they are.

        :param goods: ``oms.receipt.item`` without product
        :param site: ``oms.site`` at which they are
        """
        self.ensure_one()
        rows = [
            self.env._(
                "%(count)s × %(note)s %(code)s",
                count=f"{each.quantity:g}",
                note=each.note or "",
                code=f"({each.barcode})" if each.barcode else "",
            )
            for each in goods
        ]
        text = self.env._(
            "At %(site)s came what nobody knows: %(goods)s",
            site=site.name,
            goods="; ".join(rows),
        )
        self.message_post(body=text, attachment_ids=goods.photo_ids.ids)
        self.activity_schedule("mail.mail_activity_data_todo", note=text)
