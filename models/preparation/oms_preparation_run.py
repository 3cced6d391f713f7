from odoo import api, fields, models

REASON_SELECTION = [
    ("not_open", "Not Released"),
    ("not_accepted", "Not Accepted"),
    ("in_wave", "In a Wave"),
    ("later_step", "Later Step"),
    ("begun", "Worked On"),
    ("unreserved", "Not Reserved"),
    ("partly_reserved", "Partly Reserved"),
    ("pickers", "No Picker Left"),
]


class OmsPreparationRun(models.Model):
    """What was put into waves at one time, by a rule or by hand, and what was not and why."""

    _name = "oms.preparation.run"
    _description = "Run of Preparation"
    _order = "id desc"

    rule_id = fields.Many2one(
        "oms.preparation.rule", readonly=True, ondelete="set null", index="btree_not_null"
    )
    site_ids = fields.Many2many("oms.site", string="Sites", readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    planned_at = fields.Datetime(
        string="Planned For", readonly=True, help="When the rule was due; empty by hand."
    )
    user_id = fields.Many2one(
        "res.users", string="Made By", readonly=True, default=lambda self: self.env.user
    )
    wave_ids = fields.One2many("stock.picking.batch", "oms_run_id", string="Waves", readonly=True)
    wave_count = fields.Integer(string="Waves Made", readonly=True)
    order_count = fields.Integer(string="Orders", readonly=True, help="In the waves.")
    left_ids = fields.One2many("oms.preparation.left", "run_id", string="Left Out", readonly=True)
    left_count = fields.Integer(string="Orders Left Out", readonly=True)

    # A rule that is due runs once, however many jobs there are.
    _slot_uniq = models.UniqueIndex(
        "(rule_id, planned_at) WHERE planned_at IS NOT NULL",
        "The rule has run for this time already.",
    )

    @api.depends("rule_id.name", "create_date")
    def _compute_display_name(self):
        for run in self:
            name = run.rule_id.name or self.env._("By Hand")
            moment = fields.Datetime.context_timestamp(
                run, run.create_date or fields.Datetime.now()
            )
            run.display_name = f"{name}, {moment:%Y-%m-%d %H:%M}"

    @api.model
    def _record(self, waves, left, **vals):
        """Write down what a run will do.

        :param list waves: ``PlannedWave``
        :param list left: ``Left``
        :param vals: further values
        """
        sites = self.env["oms.site"].union(
            *(wave.site for wave in waves),
            *(each.picking.oms_fulfillment_id.site_id for each in left),
        )
        run_vals = {
            "company_id": (sites[:1].company_id or self.env.company).id,
            "site_ids": [fields.Command.set(sites.ids)],
            "wave_count": len(waves),
            "order_count": sum(len(wave.pickings.oms_fulfillment_id) for wave in waves),
            "left_count": len(left),
            "left_ids": [
                fields.Command.create(
                    {
                        "picking_id": each.picking.id,
                        "fulfillment_id": each.picking.oms_fulfillment_id.id,
                        "reason": each.reason,
                        "detail": each.detail,
                    }
                )
                for each in left
            ],
        }
        # sudo: runs are written by methods only
        return self.sudo().create({**run_vals, **vals}).sudo(self.env.su)

    def action_view_waves(self):
        """Open the waves of the runs.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_preparation_wave")
        action["domain"] = [("oms_run_id", "in", self.ids)]
        action["context"] = {}
        return action

    @api.autovacuum
    def _gc_runs(self):
        """Forget runs after 90 days; their waves stay."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=90)
        self.search([("create_date", "<", limit)]).unlink()


class OmsPreparationLeft(models.Model):
    """What a run left out, and why."""

    _name = "oms.preparation.left"
    _description = "Left Out of Waves"
    _order = "run_id desc, id"
    _rec_name = "fulfillment_id"

    run_id = fields.Many2one(
        "oms.preparation.run", required=True, readonly=True, ondelete="cascade", index=True
    )
    fulfillment_id = fields.Many2one(
        "oms.fulfillment", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    picking_id = fields.Many2one(
        "stock.picking", string="Transfer", readonly=True, ondelete="cascade", index=True
    )
    site_id = fields.Many2one(related="fulfillment_id.site_id", store=True, precompute=True)
    reason = fields.Selection(REASON_SELECTION, required=True, readonly=True)
    detail = fields.Char(readonly=True)
