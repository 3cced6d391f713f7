from typing import NamedTuple

from odoo import models


class Row(NamedTuple):
    """What is taken from one place of one product and lot.

    :param location: ``stock.location``
    :param product: ``product.product``
    :param lot: ``stock.lot``, or none
    :param package: ``stock.package`` it lies in, or none
    :param quantity: in the unit
    :param uom: ``uom.uom`` of the product
    :param bins: (number of the bin, quantity) for each order, by bin
    :param picked: whether all of it is
    """

    location: models.BaseModel
    product: models.BaseModel
    lot: models.BaseModel
    package: models.BaseModel
    quantity: float
    uom: models.BaseModel
    bins: list
    picked: bool


class StockPickingBatch(models.Model):
    """What a picker has to take, place by place."""

    _inherit = "stock.picking.batch"

    def _oms_get_pick_rows(self):
        """Return what is to be taken, in the order in which the picker comes by.

        By pick sequence and name of the places, then by product and lot; what several orders need
        from one place is one row, with the bins among which it is shared out.

        :rtype: list[Row]
        """
        self.ensure_one()
        lines = self.oms_picking_ids.move_line_ids.filtered(
            lambda line: line.quantity and line.state != "cancel"
        )
        groups = lines.grouped(
            lambda line: (line.location_id, line.product_id, line.lot_id, line.package_id)
        )
        keys = sorted(
            groups,
            key=lambda key: (
                key[0]._oms_get_pick_key(),
                key[1].default_code or "",
                key[1].display_name,
                key[2].name or "",
                key[3].name or "",
            ),
        )
        rows = []
        for location, product, lot, package in keys:
            group = groups[location, product, lot, package]
            bins = {}
            for line in group:
                number = line.picking_id.oms_bin
                bins[number] = bins.get(number, 0.0) + line.quantity_product_uom
            rows.append(
                Row(
                    location,
                    product,
                    lot,
                    package,
                    product.uom_id.round(sum(bins.values())),
                    product.uom_id,
                    sorted((number, product.uom_id.round(q)) for number, q in bins.items()),
                    all(line.picked for line in group),
                )
            )
        return rows

    def _oms_get_pick_totals(self):
        """Return what is to be taken in all.

        :return: rows, quantity by unit and weight
        :rtype: dict
        """
        self.ensure_one()
        rows, units = self._oms_get_pick_rows(), {}
        for row in rows:
            units[row.uom] = units.get(row.uom, 0.0) + row.quantity
        return {
            "rows": len(rows),
            "places": len({row.location for row in rows}),
            "units": [(uom.round(quantity), uom) for uom, quantity in units.items()],
            "weight": sum(row.quantity * row.product.weight for row in rows),
        }
