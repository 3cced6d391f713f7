from collections import defaultdict

from odoo import api, models
from odoo.tools import ormcache

from ...engine.allocation import Allocation, Share
from . import allocation_sql
from .allocation_book import Book, holder_key

#: What is read by SQL of models whose changes may still be in memory.
READ_FIELDS = {
    "oms.allocation": None,
    "oms.channel": ["active", "group_id"],
    "oms.channel.group": ["active", "parent_id"],
    "oms.network": ["active"],
    "oms.site": ["active"],
    "product.category": ["parent_path"],
    "product.template": ["categ_id", "is_storable"],
}
#: Priority of shares that are to be served after all others.
LAST = 2**31


class OmsAllocation(models.Model):
    """How shares, stock and sales are read: in a fixed number of queries for all products."""

    _inherit = "oms.allocation"

    @api.model
    def _get_governing(self, product_ids, company_ids=None):
        """Return the shares in effect of some products.

        Where there is none, as for most products of most companies, one cheap query tells.

        :param company_ids: whose shares; those of all companies when None
        :return: (product id, share id, specificity)
        :rtype: list[tuple[int, int, int]]
        """
        if not self._is_any():
            return []
        for name, fnames in READ_FIELDS.items():
            self.env[name].flush_model(fnames)
        [[maybe]] = self.env.execute_query(allocation_sql.maybe_governed(list(product_ids)))
        if not maybe:
            return []
        query = allocation_sql.governing(list(product_ids))
        return [
            (product_id, share_id, specificity)
            for product_id, share_id, specificity, company_id in self.env.execute_query(query)
            if company_ids is None or company_id in company_ids
        ]

    @api.model
    @ormcache()
    def _is_any(self):
        """Tell whether there is any share: reading what can be sold costs nothing more without.

        :rtype: bool
        """
        # sudo: shares of all companies count, whoever reads
        return bool(self.sudo().search_count([], limit=1))

    @api.model
    def _forget_any(self):
        clear = self.env.registry.clear_cache
        clear()
        # Who asks until then is told what was before, and must not keep it.
        self.env.cr.postcommit.add(clear)

    @api.model
    def _open_book(self, products, companies, claims=(), last=(), get_available=None):
        """Read the shares of some products and how they stand.

        :param products: ``product.product`` recordset
        :param companies: companies whose shares and sites count
        :param claims: ``oms.claim`` recordset as if they had not been made
        :param last: shares that are served after all others, whatever their priority
        :param get_available: function of product ids and site ids that returns what is available
            by (site id, product id), if that is not what can be promised now
        :rtype: Book
        """
        # sudo: shares and the stock of all sites bind everybody, whatever they may read
        self, claims = self.sudo(), self.env["oms.claim"].sudo().browse(each.id for each in claims)
        governing = self._get_governing(products.ids, companies.ids)
        if not governing:
            return Book({})
        product_ids = list({product_id for product_id, _share_id, _specificity in governing})
        shares = self.browse({share_id for _product_id, share_id, _specificity in governing})
        sites = defaultdict(set)
        for site in self.env["oms.site"].search_fetch(
            [("company_id", "in", companies.ids)], ["company_id"]
        ):
            sites[site.company_id.id].add(site.id)
        available = self._get_stock(product_ids, sites, claims, get_available)
        sold = self._get_sold(product_ids, shares, claims)
        parents, reaches = self._get_tree(companies)
        prepared = defaultdict(list)
        scopes = dict(self.env.execute_query(allocation_sql.scopes(shares.ids)))
        for product_id, share_id, specificity in governing:
            share = self.browse(share_id)
            of_company = frozenset(sites[share.company_id.id])
            scope = of_company if scopes[share_id] is None else of_company & set(scopes[share_id])
            prepared[share.company_id.id, product_id].append(
                Share(
                    key=share_id,
                    holder=holder_key(share),
                    kind=share.kind,
                    amount=share.amount,
                    scope=scope,
                    sold=self._sum_up_sold(sold[product_id], scope, share.since),
                    reach=reaches.get(holder_key(share), of_company),
                    specificity=specificity,
                    priority=(LAST if share in last else share.sequence, share_id),
                )
            )
        rounding = 10.0 ** -self.env["decimal.precision"].precision_get("Product Unit")
        return Book(
            {
                (company_id, product_id): Allocation(
                    available={
                        site_id: available.get((site_id, product_id), 0.0)
                        for site_id in sites[company_id]
                    },
                    parents=parents,
                    shares=tuple(found),
                    rounding=self._get_step(
                        rounding,
                        (available.get((site, product_id), 0.0) for site in sites[company_id]),
                        (row[-1] for row in sold[product_id]),
                    ),
                )
                for (company_id, product_id), found in prepared.items()
            }
        )

    @api.model
    def _get_step(self, rounding, *quantities):
        """Return to what percentages are rounded: goods that are only counted whole stay whole."""
        whole = all(abs(n - round(n)) < rounding / 2 for each in quantities for n in each)
        return max(1.0, rounding) if whole else rounding

    @api.model
    def _get_stock(self, product_ids, sites, claims, get_available):
        """Return what is available by (site id, product id), as if some claims were not made."""
        site_ids = [site_id for ids in sites.values() for site_id in ids]
        if get_available:
            return get_available(product_ids, site_ids)
        positions = self.env["oms.position"]._get_positions(site_ids, product_ids)
        available = {(each.site_id, each.product_id): each.available for each in positions}
        if claims:
            available |= self._get_stock_before(positions, claims)
        return available

    @api.model
    def _get_stock_before(self, positions, claims):
        """Return what was available where claims were made, by (site id, product id).

        What safety stock held back then can differ from what it holds back now.
        """
        before = defaultdict(float)
        for claim in claims:
            before[claim.site_id.id, claim.product_id.id] += claim.quantity
        for each in positions:
            if (each.site_id, each.product_id) in before:
                before[each.site_id, each.product_id] += each.available + each.safety
        if not self.env["oms.safety.stock"]._is_any():
            return before
        query = allocation_sql.less_safety(
            [(product_id, site_id, left) for (site_id, product_id), left in before.items()]
        )
        return {
            (site_id, product_id): left
            for product_id, site_id, _safety, left in self.env.execute_query(query)
        }

    @api.model
    def _get_sold(self, product_ids, shares, claims):
        """Return what channels sold since any of the shares began.

        :return: (channel id, site id, id of the site where the goods went or None, sold at this
            moment or later, quantity) by product id
        :rtype: dict[int, list[tuple]]
        """
        self.env["oms.position"]._flush_facts()
        self.env["sale.order"].flush_model(["date_order"])
        moments = sorted(set(shares.mapped("since")))
        query = allocation_sql.sold(product_ids, moments, claims.ids)
        sold = defaultdict(list)
        for product_id, channel_id, site_id, target_id, passed, quantity in self.env.execute_query(
            query
        ):
            moment = moments[passed - 1]
            sold[product_id].append((channel_id, site_id, target_id, moment, quantity))
        return sold

    @api.model
    def _sum_up_sold(self, sold, scope, since):
        """Return what each channel sold in a scope since a moment, as the engine wants it."""
        totals = defaultdict(float)
        for channel_id, site_id, target_id, moment, quantity in sold:
            if moment >= since and site_id in scope and target_id not in scope:
                totals["channel", channel_id] += quantity
        return dict(totals)

    @api.model
    def _get_tree(self, companies):
        """Return the groups above channels and groups, and from which sites each can sell.

        :return: parents by key of the engine, and site ids by key; who sells from all sites of
            the company is absent from the second
        :rtype: tuple[dict, dict]
        """
        parents, reaches, everywhere = {}, defaultdict(set), set()
        for group_id, parent_id in self.env.execute_query(allocation_sql.groups(companies.ids)):
            parents["group", group_id] = ("group", parent_id) if parent_id else None
        for channel_id, group_id, site_ids in self.env.execute_query(
            allocation_sql.channels(companies.ids)
        ):
            holder = "channel", channel_id
            parents[holder] = ("group", group_id) if group_id else None
            while holder:
                if site_ids is None:
                    everywhere.add(holder)
                else:
                    reaches[holder].update(site_ids)
                holder = parents.get(holder)
        for group in [holder for holder in parents if holder[0] == "group"]:
            reaches.setdefault(group, set())
        return parents, {
            holder: frozenset(sites)
            for holder, sites in reaches.items()
            if holder not in everywhere
        }
