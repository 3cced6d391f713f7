from odoo import api, fields, models


class OmsChannel(models.Model):
    """What a channel may sell, by its shares and those of the others."""

    _inherit = "oms.channel"

    group_id = fields.Many2one(
        "oms.channel.group",
        string="Channel Group",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        groups="base.group_user",
        help="Channels of a group can have a share of the stock together.",
    )
    allocation_ids = fields.One2many(
        "oms.allocation", "channel_id", string="Shares", groups="base.group_user"
    )
    allocation_count = fields.Integer(
        string="Share Count", compute="_compute_allocation_count", groups="base.group_user"
    )

    @api.depends("allocation_ids")
    def _compute_allocation_count(self):
        for channel in self:
            channel.allocation_count = len(channel.allocation_ids)

    @api.constrains("group_id")
    def _check_group_id(self):
        self.allocation_ids._check_percentages()

    # === BUSINESS METHODS === #

    def _get_sellable(self, products, sites=None, get_available=None):
        """Return what the channel may sell of products, where shares have a say.

        The number of queries does not depend on how many products there are.

        :param products: ``product.product`` recordset
        :param sites: ``oms.site`` recordset, those first from which to sell first; the sites of
            the channel when None
        :param get_available: see ``oms.allocation._open_book``
        :return: by product id; products that no share governs are absent: the channel may sell all
            that is available
        :rtype: dict[int, Sellable]
        """
        self.ensure_one()
        # sudo: who sells on a channel need not see its sites
        channel = self.sudo()
        book = self.env["oms.allocation"]._open_book(
            products, channel.company_id, get_available=get_available
        )
        governed = [
            product.id for product in products if book.governs(channel.company_id.id, product.id)
        ]
        if not governed:
            return {}
        site_ids = (channel.site_ids.sorted() if sites is None else sites).ids
        return {
            product_id: book.get_sellable(channel, product_id, site_ids) for product_id in governed
        }

    def _get_allowances(self, products, preference):
        """Return how much the channel may take of products at each site.

        What is left to it in all is given at the first sites first. All of it can be taken at once.

        :param products: ``product.product`` recordset
        :param preference: ``oms.site`` recordset, those first from which to sell first
        :return: quantity by site id, by product id; products that no share governs are absent,
            sites with nothing left too
        :rtype: dict[int, dict[int, float]]
        """
        return {
            product_id: dict(sellable.by_site)
            for product_id, sellable in self._get_sellable(products, preference).items()
        }

    def action_view_allocations(self):
        """Open the shares of the channels.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_allocation")
        action["domain"] = [("channel_id", "in", self.ids)]
        action["context"] = {"default_channel_id": self.id if len(self) == 1 else False}
        return action

    # === EXPLANATION === #

    def _explain_sellable(self, product):
        """Explain term by term what each of the channels can sell of a product now.

        :param product: one ``product.product``
        :return: rows in order, of no more than the channel's own quantities and names: dicts of
            ``channel_id``; ``kind``: ``stock``, ``held`` (these add up), ``available``, ``left``
            (sums in between), ``limit``, ``own`` (facts), ``sellable`` (the result); ``label``,
            translated; ``quantity`` in the product's unit
        :rtype: list[dict]
        """
        product.ensure_one()
        kits = product._oms_get_kits(self.company_id)
        if kits:
            return self._explain_kits(product, kits)
        if not product.is_storable:
            return []
        # sudo: the caller decides who may see it; what others hold is a part of the answer
        channels = self.sudo()
        book = self.env["oms.allocation"]._open_book(product, channels.company_id)
        positions = {
            position.site_id: position
            for position in self.env["oms.position"]._get_positions(
                channels.site_ids.ids, product.ids
            )
        }
        rows = []
        for channel in channels:
            sites = channel.site_ids.sorted()
            terms = channel._explain_stock([positions[i] for i in sites.ids if i in positions])
            if book.governs(channel.company_id.id, product.id):
                terms += channel._explain_shares(book.get_sellable(channel, product.id, sites.ids))
            else:
                terms.append(("sellable", self.env._("Can be sold"), terms[-1][2]))
            rows += [
                {"channel_id": channel.id, "kind": kind, "label": label, "quantity": quantity}
                for kind, label, quantity in terms
            ]
        return rows

    def _explain_stock(self, positions):
        def total(name):
            return sum(getattr(position, name, 0.0) for position in positions)

        measures = [
            (self.env._("On hand"), total("on_hand")),
            (self.env._("Stock outside of Odoo"), total("external")),
            (self.env._("Open demand"), -total("demand")),
            (self.env._("Claims"), -total("claimed")),
            (self.env._("Safety stock"), -total("safety")),
        ]
        available = sum(max(position.available, 0.0) for position in positions)
        rest = available - sum(quantity for _label, quantity in measures)
        measures.append((self.env._("Promised beyond the stock of a site"), rest))
        return [
            *(("stock", label, amount) for label, amount in measures[:1]),
            *(("stock", label, amount) for label, amount in measures[1:] if abs(amount) > 1e-6),
            ("available", self.env._("Available to promise"), available),
        ]

    def _explain_shares(self, sellable):
        Allocation = self.env["oms.allocation"].sudo()

        def given(standing):
            return Allocation.browse(standing.share.key)._get_given_text(standing)

        terms = []
        for standing, counted in sellable.others:
            label = self.env._("Set aside for %s", given(standing))
            if standing.held < standing.left - 1e-6:
                label = self.env._(
                    "%(label)s; cut to %(held)s that are there",
                    label=label,
                    held=f"{standing.held:g}",
                )
            terms.append(("held", label, -counted))
        if abs(sellable.elsewhere) > 1e-6:
            terms.append(("held", self.env._("Of that kept at other sites"), sellable.elsewhere))
        if terms:
            terms.append(("left", self.env._("Left for this channel"), sellable.unlimited))
        for standing in sellable.limits:
            terms.append(("limit", self.env._("Limit of %s", given(standing)), standing.left))
        for standing in sellable.own:
            terms.append(("own", self.env._("Set aside for %s", given(standing)), standing.held))
        terms.append(("sellable", self.env._("Can be sold"), sellable.total))
        return terms
