from odoo import Command

from ..common import OmsCase


class WorkflowCase(OmsCase):
    """A channel whose workflow sources an order when it is placed; tests add further steps."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.workflow = cls.env["oms.workflow"].create({"name": "Test workflow"})
        cls.channel.workflow_id = cls.workflow
        cls.source = cls.make_action("Source", state="oms_source")
        cls.source_step = cls.make_step(cls.source, sequence=50)

    @classmethod
    def make_action(cls, name, **vals):
        """Make a server action on orders."""
        return cls.env["ir.actions.server"].create(
            {"name": name, "model_id": cls.env.ref("sale.model_sale_order").id, **vals}
        )

    @classmethod
    def make_step(cls, action, event="order.placed", **vals):
        """Make a step of the test workflow."""
        cls.workflow.step_ids = [
            Command.create({"name": action.name, "event": event, "action_id": action.id, **vals})
        ]
        return cls.workflow.step_ids.sorted("id")[-1]

    def outcomes(self, event):
        """What each step of an event did, in order."""
        return [(entry["step"], entry["outcome"]) for entry in event.log or []]

    def event(self, order, code="order.placed"):
        """The event of an order."""
        return order.oms_event_ids.filtered(lambda event: event.event == code)
