from odoo import models

from .work import Issue, Outcome


class OmsImportProducts(models.AbstractModel):
    """Files of products: storable goods, known by their internal reference."""

    _name = "oms.import.products"
    _inherit = ["oms.import.handler"]
    _description = "Import of Products"

    _chunk_size = 200
    _seconds_per_row = 0.03
    _reference_columns = ("product_id",)

    def _get_key(self, row):
        return (row.product_id,)

    def _process_records(self, job, reading, records, dry):
        outcome = Outcome()
        products, ambiguous = self._find_products(job, (r.row.product_id for r in records))
        owners = {
            product.barcode: product.default_code
            for product in self.env["product.product"].search(
                [("barcode", "in", [r.row.barcode for r in records if r.row.barcode])]
            )
        }
        new = []
        for record in records:
            row = record.row
            if row.product_id in ambiguous:
                fault = self.env._("Several products have the reference “%s”.", row.product_id)
                outcome.issues.append(Issue(record, row.product_id, fault))
            elif owners.setdefault(row.barcode, row.product_id) != row.product_id and row.barcode:
                fault = self.env._(
                    "The barcode %(barcode)s is that of the product “%(product)s”.",
                    barcode=row.barcode,
                    product=owners[row.barcode],
                )
                outcome.issues.append(Issue(record, row.product_id, fault))
            elif row.product_id in products:
                changed = self._update_product(products[row.product_id], row, dry)
                outcome.updated += changed
                outcome.unchanged += not changed
            else:
                new.append(row)
        outcome.created = len(new)
        if new and not dry:
            self.env["product.product"].create(
                [
                    {
                        "default_code": row.product_id,
                        "type": "consu",
                        "is_storable": True,
                        **self._prepare_vals(row, dry),
                    }
                    for row in new
                ]
            )
        return outcome

    def _prepare_vals(self, row, dry):
        """Values that the file gives; an empty cell changes nothing."""
        vals = {
            "name": row.name,
            "list_price": row.price,
            "standard_price": row.cost,
            "weight": row.weight,
            "barcode": row.barcode or None,
        }
        vals = {name: value for name, value in vals.items() if value is not None}
        if row.category:
            vals["categ_id"] = self._get_category(row.category, dry).id
        return vals

    def _get_category(self, name, dry):
        """Return the category of a name, made when need be."""
        Category = self.env["product.category"]
        found = Category.search([("name", "=", name)], limit=1)
        return found if found or dry else Category.create({"name": name})

    def _update_product(self, product, row, dry):
        """Write what differs.

        :return: whether anything did
        :rtype: bool
        """
        vals = {
            name: value
            for name, value in self._prepare_vals(row, dry).items()
            if self._differs(product, name, value)
        }
        if vals and not dry:
            product.write(vals)
        return bool(vals)

    def _differs(self, product, name, value):
        old = product[name].id if name == "categ_id" else product[name]
        if isinstance(value, float):
            return bool(round(old - value, 6))
        return old != value
