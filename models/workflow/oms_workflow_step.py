from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import safe_eval

from .oms_event import EVENT_SELECTION


class OmsWorkflowStep(models.Model):
    """A server action that runs when something happens to an order."""

    _name = "oms.workflow.step"
    _description = "Workflow Step"
    _order = "workflow_id, event, sequence, id"
    _check_company_auto = True

    workflow_id = fields.Many2one("oms.workflow", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="workflow_id.company_id", store=True)
    event = fields.Selection(EVENT_SELECTION, required=True, default="order.placed")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    name = fields.Char(
        required=True,
        translate=True,
        compute="_compute_name",
        store=True,
        readonly=False,
        precompute=True,
    )
    domain = fields.Char(
        string="Only For",
        help="Orders to which the step applies; empty: to all.",
    )
    action_id = fields.Many2one(
        "ir.actions.server",
        ondelete="set null",
        domain="[('model_id.model', '=', 'sale.order'), ('usage', '=', 'ir_actions_server')]",
        help="Server action on orders. It runs with the rights of the system, for whoever "
        "caused the event.",
    )
    on_failure = fields.Selection(
        [("park", "Park the event"), ("continue", "Go on with the next step")],
        required=True,
        default="park",
        help="What becomes of the event when the action fails.",
    )

    @api.depends("action_id")
    def _compute_name(self):
        for step in self:
            step.name = step.name or step.action_id.name

    @api.constrains("action_id")
    def _check_action(self):
        for step in self:
            # sudo: who configures a workflow need not read the models of Odoo
            action = step.action_id.sudo()
            if not action:
                raise ValidationError(self.env._("The step %s needs an action.", step.name))
            if action.model_id.model != "sale.order":
                raise ValidationError(
                    self.env._(
                        "The action %(action)s works on %(model)s, a step works on orders.",
                        action=action.name,
                        model=action.model_id.name,
                    )
                )
            # Steps run with all rights: nobody may run by a step what he may not run himself.
            if action.group_ids and not action.group_ids & self.env.user.all_group_ids:
                raise ValidationError(
                    self.env._(
                        "You may not run the action %s, so you cannot make it a step.", action.name
                    )
                )

    @api.constrains("domain")
    def _check_domain(self):
        for step in self:
            try:
                self.env["sale.order"].sudo().search(step._get_domain(), limit=1)
            except Exception as error:
                raise ValidationError(
                    self.env._(
                        "The condition of the step %(step)s does not work: %(error)s",
                        step=step.name,
                        error=error,
                    )
                ) from error

    def _get_domain(self):
        """Return the condition of the step as a domain on orders.

        :rtype: list
        """
        self.ensure_one()
        text = (self.domain or "").strip()
        return safe_eval.safe_eval(text) if text else []

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    # === RUNNING === #

    @api.model
    def _execute(self, step, events):
        """Run the action of a step for the orders of some events.

        :param Step step: what the step is
        :param events: ``oms.event`` recordset
        :return: what came of it, for people, by order id; orders of which there is nothing to
            say are absent
        :rtype: dict[int, str]
        :raise UserError: the step has no action any more
        """
        if not step.action_id:
            raise UserError(
                self.env._("The action of the step %s is gone: choose another one.", step.name)
            )
        # sudo: the workflow acts for the system, whoever caused the event
        action = self.env["ir.actions.server"].sudo().browse(step.action_id)
        return action._oms_run_for(events, step.kind)
