import logging

from psycopg2 import OperationalError

from odoo import api, models

from .oms_channel_message import RETURN_PREFIX

_logger = logging.getLogger(__name__)

#: States of which customers are told; others they see on the page.
TOLD = ("requested", "authorized", "received", "closed", "refused", "cancelled", "expired")
_KEPT = "oms.return.notices"


class OmsReturn(models.Model):
    """Telling customers how their return stands."""

    _inherit = "oms.return"

    @api.model_create_multi
    def create(self, vals_list):
        returns = super().create(vals_list)
        returns._tell_later()
        return returns

    def write(self, vals):
        res = super().write(vals)
        if "state" in vals or "review_reason" in vals:
            self._tell_later()
        return res

    def _tell_later(self):
        """Tell customers at the end of the transaction, of where the returns stand then.

        What is asked for and agreed to in one go is one mail, and what is undone none.
        """
        precommit = self.env.cr.precommit
        if _KEPT not in precommit.data:
            precommit.data[_KEPT] = []
            precommit.add(self.sudo().browse()._tell_kept)
        precommit.data[_KEPT] += self.ids

    def _tell_kept(self):
        ids = self.env.cr.precommit.data.pop(_KEPT, [])
        for record in self.browse(dict.fromkeys(ids)).exists():
            record._tell_customer()

    def _tell_customer(self):
        """Put the message about the state of the return into the queues, once for each state."""
        self.ensure_one()
        # sudo: what happened is told, whoever caused it
        record = self.sudo()
        state = record._get_notice_state()
        if not state or state == record.notice_state:
            return
        record.notice_state = state
        way = record.channel_id.message_line_ids.filtered(
            lambda line: line.moment == f"{RETURN_PREFIX}{state}"
        )
        # Marketplaces tell their customers by themselves.
        own = record.origin not in ("api", "blind")
        template = way.template_id if way else own and record._get_notice_template(state)
        try:
            with self.env.cr.savepoint():
                if template and record.partner_id.email:
                    template.send_mail(record.id, force_send=False)
                if way.by_sms and way.sms_installed and record.partner_id.phone:
                    order = record.order_id.with_context(lang=record.partner_id.lang)
                    text = record.with_env(order.env)._get_notice_text(state)
                    order._message_sms(text, partner_ids=record.partner_id.ids)
                self.env.flush_all()
        except OperationalError:
            raise
        except Exception:  # what is wrong with a template must not keep returns from going on
            _logger.exception("The customer of %s is not told: %s", record.name, state)
            record.message_post(body=self.env._("The message to the customer failed."))

    def _get_notice_state(self):
        """Return of which state the customer is told now.

        :return: as in :data:`TOLD`, or None
        """
        self.ensure_one()
        if self.way == "keep" and self.state == "inspected":
            return "authorized"
        # What is decided at once was not waiting for anybody.
        if self.state == "requested" and not self.review_reason:
            return None
        return self.state if self.state in TOLD else None

    @api.model
    def _get_notice_template(self, state):
        """Return the mail about a state, empty where there is none or it is archived.

        :rtype: mail.template
        """
        template = self.env.ref(f"oms.mail_return_{state}", raise_if_not_found=False)
        # sudo: who moves a return on need not read templates
        template = (template or self.env["mail.template"]).sudo()
        return template.filtered("active")

    def _get_notice_text(self, state):
        """Return what a customer reads on the telephone.

        :param str state: as in :data:`TOLD`

        :rtype: str
        """
        words = {
            "requested": self.env._("We are looking at your return %s.", self.name),
            "authorized": self.env._("Your return %s is agreed.", self.name),
            "received": self.env._("Your return %s is with us.", self.name),
            "closed": self.env._("Your return %s is settled.", self.name),
            "refused": self.env._("Your return %s was refused.", self.name),
            "cancelled": self.env._("Your return %s is cancelled.", self.name),
            "expired": self.env._("Nothing came of your return %s: we wait no longer.", self.name),
        }
        return f"{words[state]} {self._get_customer_url()}"
