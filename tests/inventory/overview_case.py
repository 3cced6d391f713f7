"""What the tests of a product's page share."""

from ..common import OmsCase


class OverviewCase(OmsCase):
    """Reads what the page of a product shows."""

    def overview(self, product=None, user=None, **kwargs):
        product = product or self.apple
        return (product.with_user(user) if user else product).get_stock_overview(**kwargs)

    def row(self, overview, site):
        [row] = [row for row in overview["sites"] if row["id"] == site.id]
        return row
