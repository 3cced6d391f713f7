from datetime import timedelta

from odoo import api, fields, models

#: For how many days what was done at screens is kept, unless a parameter says otherwise.
KEPT_DAYS = 365
OUTCOME_SELECTION = [("ok", "Done"), ("warning", "Warning"), ("refused", "Refused")]


class OmsScan(models.Model):
    """What somebody did at a site, by scanner or by hand, with the answer.

    Each has an id of the device that sent it: what is sent again is not done again.
    """

    _name = "oms.scan"
    _description = "Scan at a Site"
    _order = "id desc"
    _rec_name = "uuid"

    uuid = fields.Char(string="Device's Id", required=True, readonly=True)
    fulfillment_id = fields.Many2one(
        "oms.fulfillment", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    picking_id = fields.Many2one(
        "stock.picking", string="Transfer", readonly=True, ondelete="set null"
    )
    location_id = fields.Many2one("stock.location", readonly=True, ondelete="set null")
    site_id = fields.Many2one("oms.site", readonly=True, ondelete="cascade", index="btree_not_null")
    company_id = fields.Many2one(
        related="site_id.company_id", store=True, precompute=True, index="btree_not_null"
    )
    user_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="restrict")
    kind = fields.Char(required=True, readonly=True, index=True)
    barcode = fields.Char(readonly=True, index="btree_not_null")
    quantity = fields.Float(digits="Product Unit", readonly=True)
    outcome = fields.Selection(OUTCOME_SELECTION, required=True, readonly=True, index=True)
    message = fields.Char(readonly=True)
    moment = fields.Datetime(
        required=True, readonly=True, help="When it was done, by the clock of the device."
    )
    received_at = fields.Datetime(
        string="Received", required=True, readonly=True, default=fields.Datetime.now, index=True
    )
    undone_by = fields.Char(readonly=True, help="The device's id of what took it back.")
    changes = fields.Json(readonly=True, help="What is needed to take it back.")

    _uuid_uniq = models.UniqueIndex("(uuid)", "This was sent before.")

    @api.autovacuum
    def _gc_scans(self):
        """Delete what is older than ``oms.scan_days``; devices do not send again that late."""
        # sudo: the job's user need not have rights on parameters
        days = self.env["ir.config_parameter"].sudo().get_param("oms.scan_days")
        since = fields.Datetime.now() - timedelta(days=float(days or KEPT_DAYS))
        self.sudo().search([("received_at", "<", since)], limit=10_000).unlink()


class OmsFulfillment(models.Model):
    _inherit = "oms.fulfillment"

    scan_ids = fields.One2many(
        "oms.scan", "fulfillment_id", string="Scans", groups="stock.group_stock_user"
    )
