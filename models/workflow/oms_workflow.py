from typing import NamedTuple

from odoo import fields, models
from odoo.tools import ormcache


class Step(NamedTuple):
    """What is known of a step where it runs.

    ``action_id`` and ``kind`` are False if the step's action is gone.
    """

    id: int
    name: str
    domain: list
    action_id: int
    kind: str
    on_failure: str


class OmsWorkflow(models.Model):
    """What a channel does when something happens to an order: events and their steps."""

    _name = "oms.workflow"
    _description = "Order Workflow"
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: for all companies.")
    description = fields.Text(translate=True)
    step_ids = fields.One2many(
        "oms.workflow.step",
        "workflow_id",
        string="Steps",
        copy=True,
        # Steps that are shipped inactive wait there to be switched on.
        context={"active_test": False},
    )
    channel_ids = fields.One2many("oms.channel", "workflow_id", string="Channels")
    parked_count = fields.Integer(compute="_compute_parked_count")

    def _compute_parked_count(self):
        counts = dict(
            self.env["oms.event"]._read_group(
                [("workflow_id", "in", self.ids), ("state", "=", "parked")],
                ["workflow_id"],
                ["__count"],
            )
        )
        for workflow in self:
            workflow.parked_count = counts.get(workflow, 0)

    @ormcache("self.id", "event", "lang")
    def _get_steps(self, event, lang):
        """Return the steps of an event in the order in which they run.

        Kept in memory: workflows change seldom and run for each order.

        :param str event: key of the event
        :param str lang: language of the names
        :rtype: tuple[Step, ...]
        """
        steps = self.with_context(lang=lang).step_ids.filtered(
            lambda step: step.active and step.event == event
        )
        return tuple(
            Step(
                id=step.id,
                name=step.name,
                domain=step._get_domain(),
                # sudo: everybody's events run through the same steps
                action_id=step.action_id.id,
                kind=step.action_id.sudo().state,
                on_failure=step.on_failure,
            )
            for step in steps.sorted(lambda step: (step.sequence, step.id))
        )

    def _has_steps(self, events):
        """Tell whether the workflow does anything about some events.

        :param events: keys of the events
        :rtype: bool
        """
        return bool(self) and any(self._get_steps(event, self.env.lang) for event in events)

    def action_view_parked(self):
        """Open the parked events of the workflow.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_event")
        action["domain"] = [("workflow_id", "in", self.ids)]
        action["context"] = {"search_default_parked": 1}
        return action
