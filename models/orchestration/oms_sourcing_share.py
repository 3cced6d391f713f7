from collections import defaultdict

from odoo import models


class OmsSourcing(models.AbstractModel):
    """Sourcing takes of governed goods no more than what shares leave to the order's channel."""

    _inherit = "oms.sourcing"

    def _get_sellable(self, order, demands, sites, kilometers, book):
        """Return what the order's channel may take of governed goods, at the nearest sites first.

        :param Book book: shares as they stand after the orders before
        :return: ``Sellable`` by product id
        :rtype: dict
        """
        company_id = order.oms_channel_id.company_id.id
        near = [sites.ids[place] for place in kilometers.argsort(kind="stable")]
        return {
            product.id: book.get_sellable(order.oms_channel_id, product.id, near)
            for product in {line.product_id for line, _quantity in demands}
            if book.governs(company_id, product.id)
        }

    def _get_offers(self, order, sites, available, sellable, book):
        """Give the quantities that a plan may be made of, until one keeps to the shares.

        First the most of each site, whatever is taken of the others, so that the best sites can be
        chosen freely; then what can be taken of all sites together, of which every plan will do.

        :return: iterator over quantities by (site id, product id)
        """
        if not sellable:
            yield available
            return
        channel = order.oms_channel_id
        most = {
            product_id: book.get_most_at_each(channel, product_id, sites.ids)
            for product_id in sellable
        }
        allowed = {product_id: result.by_site for product_id, result in sellable.items()}
        for offered in (most, allowed):
            offer = dict(available)
            for product_id, by_site in offered.items():
                for site_id in sites.ids:
                    offer[site_id, product_id] = by_site.get(site_id, 0.0)
            yield offer

    def _find_refusal(self, order, problem, plan, sellable, book):
        """Tell whether a plan takes more than shares leave to the channel."""
        channel = order.oms_channel_id
        return any(
            book.get_refusal(channel.company_id.id, product_id, channel, taken)
            for product_id, taken in self._sum_up_taken(problem, plan).items()
            if product_id in sellable
        )

    def _take_shares(self, outcome, book):
        """Let the orders after this one find less."""
        channel = outcome.order.oms_channel_id
        for product_id, taken in self._sum_up_taken(outcome.problem, outcome.plan).items():
            if product_id in outcome.sellable:
                book.take(channel.company_id.id, product_id, channel, taken)

    def _sum_up_taken(self, problem, plan):
        """Return what a plan takes, in the products' units by site id by product id.

        :rtype: dict
        """
        # The lines of baskets and simulations are never kept: they cannot be looked up.
        products = {line.key: line.product for line in problem.lines}
        taken = defaultdict(lambda: defaultdict(float))
        for assignment in plan.assignments:
            taken[products[assignment.line]][assignment.site] += assignment.quantity
        return taken

    def _explain_held_back(self, sellable):
        """Say which shares keep the channel from selling what is available, or nothing.

        :param Sellable sellable: what the engine said
        """
        if sellable.total > sellable.available - 1e-6:
            return ""
        Allocation = self.env["oms.allocation"].sudo()
        sentences = [
            self.env._("Shares leave %(left)s of that to the channel.", left=f"{sellable.total:g}")
        ]
        if sellable.others:
            sentences.append(
                self.env._(
                    "Set aside: %s.",
                    Allocation._get_keepers_text([each for each, _counted in sellable.others]),
                )
            )
        sentences += [
            self.env._("Limit of %s.", Allocation.browse(each.share.key)._get_given_text(each))
            for each in sellable.limits
        ]
        return " ".join(sentences)
