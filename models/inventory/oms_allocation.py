import math

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...engine.allocation import PERCENT, shares

KIND_SELECTION = [
    ("fixed", "Fixed"),
    ("percent", "Percentage"),
    ("protected", "Protected"),
    ("capped", "Capped"),
]
#: What a share is about, and so what no two shares of a holder may have in common.
SUBJECT_FIELDS = ("product_id", "categ_id", "site_id", "network_id", "company_id")
#: What must not be archived when a share is made of it.
NAMED_FIELDS = ("channel_id", "group_id", "product_id", "site_id", "network_id")
#: The "site" of the guards of those who change shares; who claims does not wait for them.
GUARD_SITE = -1


class OmsAllocation(models.Model):
    """What a channel, or a group of channels, is given of the stock.

    How shares work together is written in ``engine/allocation``. A share is consumed by what its
    holder sells from ``since`` on; a sale that is cancelled is given back.
    """

    _name = "oms.allocation"
    _description = "Channel Share"
    _order = "sequence, id"
    _check_company_auto = True
    _rec_names_search = ["channel_id", "group_id", "product_id", "categ_id"]

    sequence = fields.Integer(
        string="Priority",
        default=10,
        help="Where there is less stock than is set aside, shares with the lowest numbers are "
        "served first.",
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    channel_id = fields.Many2one(
        "oms.channel", ondelete="cascade", index="btree_not_null", check_company=True
    )
    group_id = fields.Many2one(
        "oms.channel.group",
        string="Channel Group",
        ondelete="cascade",
        index="btree_not_null",
        check_company=True,
        help="The channels of the group have the share together.",
    )
    kind = fields.Selection(
        KIND_SELECTION,
        required=True,
        default="fixed",
        help="Fixed: the quantity is set aside, and the channel may sell no more.\n"
        "Percentage: the same, of the stock and of what was sold of it since; within a group, "
        "of the group's share.\n"
        "Protected: the quantity is set aside; the channel may sell more if others leave it.\n"
        "Capped: the channel may sell no more than the quantity; nothing is set aside.",
    )
    # Without digits: a quantity that is no multiple of the unit is refused, not rounded.
    amount = fields.Float(
        required=True,
        help="In the product's unit, or in percent. It is consumed as the channel sells.",
    )
    uom_name = fields.Char(string="Unit", compute="_compute_uom_name")
    product_id = fields.Many2one(
        "product.product",
        ondelete="cascade",
        index="btree_not_null",
        check_company=True,
        domain="[('is_storable', '=', True)]",
        help="A share of a product goes before shares of its category.",
    )
    categ_id = fields.Many2one(
        "product.category",
        string="Product Category",
        ondelete="cascade",
        help="The share is of each product of the category and of those below it. Without product "
        "and category it is of each product.",
    )
    site_id = fields.Many2one(
        "oms.site", ondelete="cascade", index="btree_not_null", check_company=True
    )
    network_id = fields.Many2one(
        "oms.network",
        ondelete="cascade",
        check_company=True,
        help="The share is of the stock of these sites together. Without site and network it is of "
        "all sites of the company.",
    )
    since = fields.Datetime(
        required=True,
        default=fields.Datetime.now,
        help="What is ordered from then on counts as sold. A share does not count before.",
    )
    until = fields.Datetime(help="The share ends then; empty for good.")
    note = fields.Char(help="Why the share is there.")

    _holder_check = models.Constraint(
        "CHECK ((channel_id IS NULL) != (group_id IS NULL))",
        "A share is given to a channel or to a group of channels, to one of them.",
    )
    _product_check = models.Constraint(
        "CHECK (product_id IS NULL OR categ_id IS NULL)",
        "A share is of a product or of a category: leave one of them empty.",
    )
    _site_check = models.Constraint(
        "CHECK (site_id IS NULL OR network_id IS NULL)",
        "A share is of a site or of a network: leave one of them empty.",
    )
    _dates_check = models.Constraint(
        "CHECK (until > since)", "A share ends after it began: mend one of the dates."
    )
    _since_idx = models.Index("(since) WHERE active")

    # === COMPUTE METHODS === #

    @api.depends("kind", "product_id.uom_id")
    def _compute_uom_name(self):
        for share in self:
            # sudo: who reads a share may read the unit of its quantity
            share.uom_name = "%" if share.kind == PERCENT else share.sudo().product_id.uom_id.name

    @api.depends(
        "channel_id", "group_id", "kind", "amount", "product_id", "categ_id", "site_id",
        "network_id",
    )  # fmt: skip
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for share in self:
            holder = share._get_holder()
            share.display_name = bool(holder) and self.env._(
                "%(holder)s: %(kind)s %(amount)s of %(what)s, %(where)s",
                holder=holder.display_name,
                kind=kinds.get(share.kind, ""),
                amount=f"{share.amount:g}{'%' if share.kind == PERCENT else ''}",
                what=(share.product_id or share.categ_id).display_name or self.env._("all goods"),
                where=share._get_place(),
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_known(vals)
        self._forget_any()
        shares = super().create(vals_list)
        shares._take_guards()
        shares._wake_waiting_orders()
        return shares

    def write(self, vals):
        self._check_known(vals)
        self._forget_any()
        res = super().write(vals)
        self._take_guards()
        self._wake_waiting_orders()
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_wake_waiting_orders(self):
        self._forget_any()
        self._wake_waiting_orders()

    # === CONSTRAINTS === #

    @api.model
    def _check_known(self, vals):
        """Make sure that what a share names is there, before the database refuses it in its words.

        :raises ValidationError: it is not
        """
        for name in NAMED_FIELDS:
            record = self[name].browse(vals.get(name) or ())
            if record.exists() != record:
                raise ValidationError(
                    self.env._(
                        "There is no %(what)s %(id)s: choose one that there is.",
                        what=self._fields[name]._description_string(self.env),
                        id=vals[name],
                    )
                )

    @api.constrains("amount", "kind", "product_id")
    def _check_amount(self):
        rounding = 10.0 ** -self.env["decimal.precision"].precision_get("Product Unit")
        for share in self:
            if not (math.isfinite(share.amount) and 0 <= share.amount < 1e12):
                raise ValidationError(
                    self.env._("A share is a number, zero or above, not %s.", share.amount)
                )
            if share.kind == PERCENT:
                if share.amount > 100:
                    raise ValidationError(
                        self.env._("A share is at most 100 %%, not %g %%.", share.amount)
                    )
                continue
            steps = share.amount / rounding
            if abs(steps - round(steps)) > 1e-6:
                raise ValidationError(
                    self.env._(
                        "%(amount)s is no quantity of %(product)s: it has to be a multiple of "
                        "%(step)s.",
                        amount=f"{share.amount:.12g}",
                        product=share.product_id.display_name or self.env._("goods"),
                        step=f"{rounding:g}",
                    )
                )

    @api.constrains(*NAMED_FIELDS)
    def _check_archived(self):
        for share in self.filtered("active"):
            for name in NAMED_FIELDS:
                record = share[name]
                if record and not record.active:
                    raise ValidationError(
                        self.env._(
                            "%s is archived: take it out of the archive, or name another one.",
                            record.display_name,
                        )
                    )

    @api.constrains("active", "channel_id", "group_id", "kind", "since", "until", *SUBJECT_FIELDS)
    def _check_ambiguous(self):
        """Of one subject, a holder has one share that limits and one that sets aside."""
        for share, rivals in self.filtered("active")._get_rivals().items():
            for other in rivals.filtered(
                lambda other, share=share: other._get_holder() == share._get_holder()
            ):
                for family in (shares.LIMITING, shares.SETTING_ASIDE):
                    if {share.kind, other.kind} <= family:
                        raise ValidationError(
                            self.env._(
                                "There is such a share already: %s. Change it, or end one before "
                                "the other begins.",
                                other.display_name,
                            )
                        )

    @api.constrains(
        "active", "channel_id", "group_id", "kind", "amount", "since", "until", *SUBJECT_FIELDS
    )
    def _check_percentages(self):
        """Percentages of the same whole are no more than the whole."""
        percentages = self.filtered(lambda share: share.active and share.kind == PERCENT)
        for share, rivals in percentages._get_rivals().items():
            above = share._get_above()
            siblings = rivals.filtered(
                lambda other, above=above: other.kind == PERCENT and other._get_above() == above
            )
            total = share.amount + sum(siblings.mapped("amount"))
            if total > 100 + 1e-6:
                raise ValidationError(
                    self.env._(
                        "With %(share)s, %(total)s %% would be shared out of the same stock. Lower "
                        "it to %(left)s %% or less, or lower another share: %(others)s.",
                        share=share.display_name,
                        total=f"{total:g}",
                        left=f"{max(0.0, share.amount + 100 - total):g}",
                        others="; ".join(siblings.mapped("display_name")),
                    )
                )

    def _get_rivals(self):
        """Return the other active shares of the same subject that hold at the same time.

        :return: ``oms.allocation`` recordset by each of these shares
        :rtype: dict
        """

        def subject(share):
            return tuple(share[name] for name in SUBJECT_FIELDS)

        candidates = self.search(
            [
                ("company_id", "in", self.company_id.ids),
                ("product_id", "in", [*self.product_id.ids, False]),
            ]
        ).grouped(subject)
        return {
            share: candidates.get(subject(share), self.browse()).filtered(
                lambda other, share=share: (
                    other != share
                    and (not other.until or other.until > share.since)
                    and (not share.until or other.since < share.until)
                )
            )
            for share in self
        }

    @api.constrains("active", "channel_id", "group_id", "kind", "amount", *SUBJECT_FIELDS)
    def _check_stock(self):
        """What is set aside of a product by quantity is there when it is saved.

        Later it may shrink, and is then served by priority. Of a category or of all goods it is
        whatever there is.
        """
        kinds = shares.SETTING_ASIDE - {PERCENT}
        saved = self.filtered(
            lambda share: share.active and share.product_id and share.kind in kinds
        )
        if not saved:
            return
        book = saved._open_book(saved.product_id, saved.company_id, last=saved)
        for share in saved:
            standing = book.get_standing(share, share.product_id.id)
            if standing and standing.sets_aside and standing.held < standing.left - 1e-6:
                raise ValidationError(share._get_too_much_sentence(standing))

    # === BUSINESS METHODS === #

    def _get_holder(self):
        """Return the channel or the group of channels that has the share."""
        self.ensure_one()
        return self.channel_id or self.group_id

    def _get_above(self):
        """Return the group in which the holder shares with others."""
        self.ensure_one()
        return self.channel_id.group_id or self.group_id.parent_id

    def _take_guards(self):
        """Make sure that nobody changes shares of the same goods at the same time.

        Each would be checked without the other, and both together set aside more than there is.

        :raises psycopg2.errors.SerializationFailure: somebody did; the caller is run again
        """
        self.env["oms.position"]._touch((share.product_id.id or 0, GUARD_SITE) for share in self)

    def _wake_waiting_orders(self):
        """Have the scheduled job look at once whether orders wait for goods of these shares."""
        products = self.product_id
        if not all(share.product_id for share in self):
            # sudo: who gives shares need not see the orders that wait
            waiting = self.env["sale.order.line"].sudo().search([("oms_qty_open", ">", 0)], limit=1)
            products |= waiting.product_id
        products._oms_wake_waiting_orders()
