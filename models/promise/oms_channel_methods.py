from odoo import fields, models

from ..channel.oms_channel import SOURCING_FIELDS

#: Minutes for which a promise is good where the channel says nothing.
PROMISE_MINUTES = 60


class OmsChannel(models.Model):
    _inherit = "oms.channel"

    carrier_ids = fields.Many2many(
        "delivery.carrier",
        "oms_channel_carrier_rel",
        "channel_id",
        "carrier_id",
        string="Delivery Methods",
        check_company=True,
        help="How goods of the channel are delivered; all methods of the company when empty.",
        groups="base.group_user",
    )
    promise_minutes = fields.Integer(
        string="Promises Hold (Minutes)",
        default=PROMISE_MINUTES,
        help="For how long an order can be placed on a promise. Goods are only kept for it while "
        "they are held.",
        groups="base.group_user",
    )

    _promise_minutes_check = models.Constraint(
        "CHECK (promise_minutes BETWEEN 1 AND 43200)",
        "Promises hold for at least a minute and at most 30 days.",
    )

    def _get_carriers(self):
        """Return the delivery methods of the channel, in Odoo's order.

        :rtype: odoo.models.Model
        """
        self.ensure_one()
        # sudo: delivery methods are configuration; a channel's user has no rights on them
        carriers = self.sudo().carrier_ids.filtered("active")
        if carriers:
            return carriers.sorted(lambda carrier: (carrier.sequence, carrier.id))
        return (
            self.env["delivery.carrier"]
            .sudo()
            .search(
                [("company_id", "in", (False, self.company_id.id))],
                order="sequence, id",
            )
        )

    def _get_pickup_sites(self):
        """Return the sites of the channel to which customers can come, in order of priority.

        :return: ``oms.site`` recordset of those that let orders be collected or goods be reserved
        """
        self.ensure_one()
        domain = [
            ("company_id", "=", self.company_id.id),
            ("warehouse_id", "!=", False),
            "|",
            ("collects", "=", True),
            ("reserves", "=", True),
        ]
        # An archived network is named all the same: it must not let in all other sites.
        networks = self.with_context(active_test=False).network_ids
        if networks:
            active = [("id", "in", networks.ids), ("active", "=", True)]
            domain.append(("network_ids", "any", active))
        sites = self.env["oms.site"].search(domain, order="sequence, id")
        # Most are asked for goods to be sent, too: what is known of these is not read again.
        sites.fetch([*SOURCING_FIELDS, "collects", "reserves"])
        return sites
