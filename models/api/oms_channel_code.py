from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

KIND_SELECTION = [("product", "Product"), ("country", "Country"), ("tax", "Tax Rate")]


class OmsChannelCode(models.Model):
    """What a channel calls a product, a country or a tax.

    Only needed where the channel uses another word than Odoo. What a channel used and nobody
    knows is entered by itself, for somebody to say what it is.
    """

    _name = "oms.channel.code"
    _inherit = ["oms.settings.mixin"]
    _description = "Channel Code"
    _order = "channel_id, kind, code, id"
    _rec_name = "code"

    channel_id = fields.Many2one("oms.channel", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(
        related="channel_id.company_id", store=True, precompute=True, index=True
    )
    kind = fields.Selection(KIND_SELECTION, required=True, default="product")
    code = fields.Char(required=True, help="As the channel writes it; a tax rate in percent.")
    product_id = fields.Many2one("product.product", ondelete="cascade")
    country_id = fields.Many2one("res.country", ondelete="cascade")
    tax_id = fields.Many2one(
        "account.tax",
        ondelete="cascade",
        domain="[('type_tax_use', '=', 'sale'), ('company_id', '=', company_id)]",
    )
    known = fields.Boolean(compute="_compute_known", store=True, help="Somebody said what it is.")
    hint = fields.Char(string="To Do", compute="_compute_hint")
    order_ids = fields.Many2many(
        "oms.incoming.order",
        "oms_incoming_order_code_rel",
        "code_id",
        "order_id",
        string="Waiting Orders",
        domain=[("state", "=", "parked")],
        readonly=True,
    )
    order_count = fields.Integer(compute="_compute_order_count")

    _code_uniq = models.UniqueIndex(
        "(channel_id, kind, code)", "The code of the channel is known already."
    )

    @api.depends("kind", "product_id", "country_id", "tax_id")
    def _compute_known(self):
        for code in self:
            code.known = bool(code[f"{code.kind}_id"])

    @api.depends("known", "kind")
    def _compute_hint(self):
        hints = {
            "product": self.env._("Choose a product"),
            "country": self.env._("Choose a country"),
            "tax": self.env._("Choose a tax"),
        }
        for code in self:
            code.hint = False if code.known else hints.get(code.kind)

    @api.depends("order_ids.state")
    def _compute_order_count(self):
        for code in self:
            code.order_count = len(code.order_ids.filtered(lambda order: order.state == "parked"))

    @api.model
    def _get_known(self, channel, kind, codes):
        """Return what a channel means by its codes.

        :param channel: ``oms.channel``
        :param str kind: ``product``, ``country`` or ``tax``
        :param codes: texts
        :return: record by code; what nobody said is not in it
        :rtype: dict
        """
        found = self.search(
            Domain("channel_id", "=", channel.id)
            & Domain("kind", "=", kind)
            & Domain("known", "=", True)
            & Domain("code", "in", list(codes))
        )
        return {code.code: code[f"{kind}_id"] for code in found}

    @api.model
    def _ask(self, channel, asked):
        """Enter codes that nobody knows, for somebody to say what they are.

        :param asked: (kind, code) pairs
        :return: ``oms.channel.code`` by pair
        :rtype: dict
        """
        found = self.search(
            Domain("channel_id", "=", channel.id)
            & Domain("code", "in", [code for _kind, code in asked])
        )
        codes = {(each.kind, each.code): each for each in found}
        missing = [pair for pair in dict.fromkeys(asked) if pair not in codes]
        new = self.create(
            [{"channel_id": channel.id, "kind": kind, "code": code} for kind, code in missing]
        )
        return codes | dict(zip(missing, new, strict=True))

    def action_retry(self):
        """Place the orders that waited for these codes.

        :return: see ``oms.incoming.order.action_retry``
        :raises UserError: nobody said yet what a code is, or no order waits for one
        """
        unknown = self.filtered(lambda code: not code.known)
        if unknown:
            raise UserError(
                self.env._("Say first what is meant by %s.", ", ".join(unknown.mapped("code")))
            )
        return self.order_ids.filtered(lambda order: order.state == "parked").action_retry()
