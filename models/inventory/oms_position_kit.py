from odoo import api, models

from .oms_position_read import Question


class OmsPosition(models.Model):
    """What can be promised of kits, which have no stock but that of their parts."""

    _inherit = "oms.position"

    @api.model
    def _get_kits(self, question):
        """Return the kits among the products that are asked for, see ``_oms_get_kits``."""
        return question.products._oms_get_kits(self._get_question_companies(question))

    @api.model
    def _get_question_companies(self, question):
        return question.companies or question.sites.company_id or self.env.companies

    @api.model
    def _get_limited(self, question, kits):
        """Return the ids of the products of which there can be too little.

        :rtype: set[int]
        """
        companies = self._get_question_companies(question)
        limited = set()
        for product in question.products:
            found = [kits.get((company.id, product.id)) for company in companies]
            if all(kit.is_limited if kit else product.is_storable for kit in found):
                limited.add(product.id)
        return limited

    @api.model
    def _get_question_totals(self, question, kits):
        """Return what is available at all sites of a question together, by product id.

        :param dict kits: the kits among the products, by (company id, product id)
        """
        put_together = question.products.browse({product_id for _company_id, product_id in kits})
        plain = question._replace(products=question.products - put_together)
        totals = {}
        if plain.products:
            totals |= (
                self._sum_available(self._get_dated_sql(plain))
                if plain.at
                else self._get_totals(plain.sites.ids, plain.products.ids)
            )
        if put_together:
            totals |= self._sum_kits(question._replace(products=put_together), kits)
        return totals

    @api.model
    def _sum_kits(self, question, kits, channel=None):
        """Return what is available of kits at all sites of a question together, by product id.

        Arguments are those of :meth:`_put_kits`.
        """
        by_site = self._get_by_site(question)
        self._put_kits(question, kits, channel, by_site)
        return {
            product.id: sum(
                max(each["available"], 0.0) for each in by_site.get(product.id, {}).values()
            )
            for product in question.products
        }

    @api.model
    def _get_available_totals(self, products, sites):
        """Return what can be promised of products at some sites together, kits among them.

        :param products: ``product.product`` recordset
        :param sites: ``oms.site`` recordset
        :return: quantity by product id; products with nothing left may be absent
        :rtype: dict[int, float]
        """
        question = Question(products, sites)
        return self._get_question_totals(question, self._get_kits(question))

    @api.model
    def _put_kits(self, question, kits, channel, by_site):
        """Put what is available of kits, and which parts limit it, in place of their own stock.

        The number of queries does not depend on how many kits and parts there are.

        :param dict kits: by (company id, product id)
        :param channel: ``oms.channel`` whose shares of the parts count, if any
        :param dict by_site: positions by site id, by product id; those of kits are replaced by
            ``available``, ``kit`` and ``stock`` by part, where any of their parts has ever been
        """
        if not kits:
            return
        parts = question.products.browse({part for kit in kits.values() for part in kit.per_kit})
        asked = question._replace(products=parts)
        at_sites = self._get_by_site(asked) if parts else {}
        book = None
        if channel:
            book = self.env["oms.allocation"]._open_book(
                parts, channel.company_id, get_available=self._get_available_of(asked)
            )
        sites_of = question.sites.grouped(lambda site: site.company_id.id)
        for (company_id, product_id), kit in kits.items():
            sites = sites_of.get(company_id, question.sites.browse())
            for site in sites:
                by_site[product_id].pop(site.id, None)
            if not kit.per_kit:
                continue
            stock = self._get_part_stock(kit, sites, at_sites)
            if book:
                stock = self._share_parts(channel, book, kit, stock)
            for site_id, there in stock.items():
                by_site[product_id][site_id] = {
                    "available": float(kit.most(there)),
                    "kit": kit,
                    "stock": there,
                }

    @api.model
    def _get_part_stock(self, kit, sites, at_sites):
        """Return what is available of the parts of a kit, by part, by site id."""
        stock = {}
        for site in sites:
            there = {
                part: at_sites[part][site.id]["available"]
                for part in kit.per_kit
                if site.id in at_sites.get(part, ())
            }
            if there:
                stock[site.id] = there
        return stock

    @api.model
    def _share_parts(self, channel, book, kit, stock):
        """Lower the parts of a kit to what shares leave to a channel.

        Kits are taken where most can be put together first, as long as the channel may take their
        parts: all that is told can be taken at once, but for parts that other kits need too.

        :param dict stock: what is available by part, by site id
        """
        company_id = channel.company_id.id
        governed = [part for part in kit.per_kit if book.governs(company_id, part)]
        if not governed:
            return stock
        book = book.duplicate()
        shared = {}
        for site_id in sorted(stock, key=lambda site_id: -kit.most(stock[site_id])):
            there = dict(stock[site_id])
            for part in governed:
                most = book.get_most_at_each(channel, part, [site_id])
                there[part] = min(there.get(part, 0.0), most.get(site_id, 0.0))
            shared[site_id] = there
            if count := kit.most(there):
                for part in governed:
                    book.take(company_id, part, channel, {site_id: kit.needed(part, count)})
        return shared

    @api.model
    def _prepare_parts(self, position, told):
        """Tell how many kits each part allows, to those who may know the stock.

        :param dict position: of a product at a site
        :return: values of an answer, empty for what is no kit
        :rtype: dict
        """
        if "kit" not in position or "on_hand" not in told:
            return {}
        limits = position["kit"].limits(position["stock"])
        # sudo: who may see a kit may know what it is made of
        parts = self.env["product.product"].sudo().browse(limit.part for limit in limits)
        return {
            "parts": [
                {
                    "product": part.default_code or part.name,
                    "product_id": part.id,
                    "unit": part.uom_id.name,
                    "per_kit": limit.per_kit,
                    "available": limit.available,
                    "kits": limit.count,
                }
                for part, limit in zip(parts, limits, strict=True)
            ]
        }
