from odoo import api, fields, models


class StockWarehouse(models.Model):
    _inherit = "stock.warehouse"

    oms_site_ids = fields.One2many(
        "oms.site",
        "warehouse_id",
        string="Fulfillment Site",
        context={"active_test": False},
        copy=False,
    )

    @api.model_create_multi
    def create(self, vals_list):
        warehouses = super().create(vals_list)
        warehouses._oms_ensure_sites()
        return warehouses

    def write(self, vals):
        res = super().write(vals)
        synced = {key: vals[key] for key in ("name", "code", "active") if key in vals}
        if synced:
            # sudo: who may change a warehouse need not have rights on sites
            self.with_context(active_test=False).sudo().oms_site_ids.write(synced)
        return res

    def unlink(self):
        # Before the warehouses: their locations must have let go of the sites by then.
        # sudo: who may delete a warehouse need not have rights on sites
        self.sudo().with_context(active_test=False).oms_site_ids.unlink()
        return super().unlink()

    def _oms_ensure_sites(self):
        """Make the missing sites of these warehouses.

        :return: the sites of the warehouses, archived ones included
        """
        # sudo: who may create a warehouse need not have rights on sites
        warehouses = self.with_context(active_test=False).sudo()
        missing = warehouses.filtered(lambda warehouse: not warehouse.oms_site_ids)
        self.env["oms.site"].sudo().create(
            [
                {
                    "name": warehouse.name,
                    "code": warehouse.code,
                    "kind": "warehouse",
                    "company_id": warehouse.company_id.id,
                    "warehouse_id": warehouse.id,
                    "sequence": warehouse.sequence,
                    "active": warehouse.active,
                }
                for warehouse in missing
            ]
        )
        return warehouses.oms_site_ids
