from odoo import fields

from ..common import OmsCase


class PreparationCase(OmsCase):
    """A site with two zones, and orders that it has to prepare."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.network.site_ids = cls.near
        stock = cls.near.warehouse_id.lot_stock_id
        cls.zone_a, cls.zone_b = cls.env["stock.location"].create(
            [{"name": name, "location_id": stock.id} for name in ("Zone A", "Zone B")]
        )
        cls.shelf_2, cls.shelf_10 = cls.env["stock.location"].create(
            [{"name": name, "location_id": cls.zone_a.id} for name in ("A2", "A10")]
        )
        cls.shelf_b = cls.env["stock.location"].create({"name": "B1", "location_id": cls.zone_b.id})
        cls.apple.barcode, cls.apple.weight = "5901234123457", 0.5
        cls.put(cls.apple, cls.shelf_10, 50)
        cls.put(cls.berry, cls.shelf_b, 50)

    @classmethod
    def put(cls, product, location, quantity, **kwargs):
        cls.env["stock.quant"]._update_available_quantity(product, location, quantity, **kwargs)

    @classmethod
    def make_option(cls, **vals):
        """Make options of waves; nothing is kept apart and nothing limited unless told."""
        return cls.env["oms.preparation.wizard"].create(
            {"group_cutoff": False, "most_orders": 0, **vals}
        )

    @classmethod
    def make_rule(cls, site=None, times=(9.0,), **vals):
        return cls.env["oms.preparation.rule"].create(
            {
                "name": "Morning",
                "site_id": (site or cls.near).id,
                "time_ids": [fields.Command.create({"hour": hour}) for hour in times],
                "group_cutoff": False,
                **vals,
            }
        )

    def plan(self, orders, option=None, **vals):
        pickings = orders.oms_fulfillment_ids._get_open_pickings()
        return self.env["oms.preparation"]._plan(pickings, option or self.make_option(**vals))

    def make_waves(self, orders, **vals):
        """Make waves by hand, as the dialog does."""
        wizard = self.make_option(**vals)
        wizard.fulfillment_ids = orders.oms_fulfillment_ids
        wizard.action_make()
        return orders.oms_fulfillment_ids.wave_id

    def orders_of(self, waves):
        return [wave.pickings.oms_fulfillment_id.order_id for wave in waves]

    def set_due(self, order, moment):
        """Have the goods of an order leave at a moment."""
        order.oms_fulfillment_ids.due_at = moment
        self.env.flush_all()
