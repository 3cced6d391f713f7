from odoo import models


class StockQuant(models.Model):
    """Stock that is reserved for released orders is looked up once for each move."""

    _inherit = "stock.quant"

    def _get_reserve_quantity(
        self,
        product_id,
        location_id,
        quantity,
        uom_id=None,
        lot_id=None,
        package_id=None,
        owner_id=None,
        strict=False,
    ):
        if self.env.context.get("oms_launch") == "release":
            # Odoo gathers to see what is available, and again to choose; it changes nothing here.
            self = self.with_context(oms_gathered={})
        return super()._get_reserve_quantity(
            product_id,
            location_id,
            quantity,
            uom_id=uom_id,
            lot_id=lot_id,
            package_id=package_id,
            owner_id=owner_id,
            strict=strict,
        )

    def _gather(
        self,
        product_id,
        location_id,
        lot_id=None,
        package_id=None,
        owner_id=None,
        strict=False,
        qty=0,
    ):
        gathered = self.env.context.get("oms_gathered")
        # By this strategy alone the quantity matters to what is gathered.
        if gathered is not None and (
            self._get_removal_strategy(product_id, location_id) == "least_packages"
        ):
            gathered = None
        key = (product_id, location_id, lot_id, package_id, owner_id, strict)
        if gathered and key in gathered:
            return gathered[key]
        quants = super()._gather(
            product_id,
            location_id,
            lot_id=lot_id,
            package_id=package_id,
            owner_id=owner_id,
            strict=strict,
            qty=qty,
        )
        if gathered is not None:
            gathered[key] = quants
        return quants
