from odoo import fields, models
from odoo.exceptions import AccessError


class OmsChannelKey(models.TransientModel):
    """Gives a system of a channel its user and its key."""

    _name = "oms.channel.key"
    _description = "Connect a System to a Channel"
    # The key is shown once: it does not outlive the dialog for long.
    _transient_max_hours = 0.25

    channel_id = fields.Many2one("oms.channel", required=True, ondelete="cascade")
    name = fields.Char(string="System", required=True, help="By what you know the system.")
    days = fields.Integer(
        string="Valid for Days", default=365, required=True, help="No end if zero."
    )
    # Never in the database: see action_make.
    key = fields.Char(store=False, compute="_compute_key")

    _days_positive = models.Constraint("CHECK (days >= 0)", "The days cannot be negative.")

    def _compute_key(self):
        self.key = self.env.context.get("oms_new_key")

    def action_make(self):
        """Make a technical user of the channel, if there is none of this name, and a key for it.

        :return: an action that shows the key, once
        :rtype: dict
        :raises AccessError: only who administers users may
        """
        self.ensure_one()
        if not self.env.is_system():
            raise AccessError(self.env._("Only who administers users makes keys."))
        user = self._find_or_create_user()
        until = self.days and fields.Datetime.add(fields.Datetime.now(), days=self.days)
        key = (
            self.env["res.users.apikeys"]
            .with_user(user)
            # sudo: the user has no rights, and a key may be valid for longer than it could say
            .sudo()
            ._generate("rpc", self.name, until or None)
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Key of %s", self.name),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "context": {"oms_new_key": key},
        }

    def _find_or_create_user(self):
        channel = self.channel_id
        # By the number of the channel: codes with dots could name the user of another channel.
        login = f"oms.{channel.id}.{self.name}".lower().replace(" ", "-")
        user = self.env["res.users"].search([("login", "=", login)])
        if not user:
            user = self.env["res.users"].create(
                {
                    "name": f"{channel.name}: {self.name}",
                    "login": login,
                    "group_ids": [fields.Command.set(self.env.ref("oms.group_channel_user").ids)],
                    "company_id": channel.company_id.id,
                    "company_ids": [fields.Command.set(channel.company_id.ids)],
                }
            )
        channel.user_ids += user
        return user
