from odoo import api, fields, models
from odoo.exceptions import UserError

from ..site_work.answer import Answer
from ..site_work.oms_site_work_apply import is_id, is_uuid
from .oms_return import COMING_STATES

#: Kinds of operations that are about returns begin with this.
PREFIX = "return_"


class OmsSiteWork(models.AbstractModel):
    """Beginning to take goods in, announced or not; see ``docs/site-work.md``."""

    _inherit = "oms.site.work"

    # === WHAT OPERATIONS ARE ABOUT === #

    @api.model
    def _is_about_return(self, operation):
        kind = operation.get("kind")
        return isinstance(kind, str) and kind.startswith(PREFIX)

    @api.model
    def _get_subject(self, operation):
        if not self._is_about_return(operation):
            return super()._get_subject(operation)
        key, returns = operation.get("return_key"), self.env["oms.return"]
        if key is None:
            key = operation.get("return_id")
            return returns.browse(key if is_id(key) else ())
        if not is_uuid(key):
            return returns
        # sudo: who has the key made the return
        return returns.sudo().search([("receipt_key", "=", key)]).sudo(False)

    @api.model
    def _find_subject_mistake(self, operation):
        if not self._is_about_return(operation):
            return super()._find_subject_mistake(operation)
        key = operation.get("return_key")
        told = is_id(operation.get("return_id")) if key is None else is_uuid(key)
        if not told:
            return self.env._("An operation needs to say for which return it is.")
        if not is_id(operation.get("site_id")):
            return self.env._("Say at which site you are.")
        return None

    @api.model
    def _prepare_scan_subject(self, subject, operation):
        if subject._name != "oms.return":
            return super()._prepare_scan_subject(subject, operation)
        return {"return_id": subject.id, "site_id": operation["site_id"]}

    @api.model
    def _get_scan_subject(self, scan):
        return scan.return_id or super()._get_scan_subject(scan)

    @api.model
    def _get_detail_after(self, subject, operation):
        if subject._name != "oms.return":
            return super()._get_detail_after(subject, operation)
        key = operation.get("site_id")
        site = self.env["oms.site"].browse(key if is_id(key) else ())
        if not subject.exists() or not site.exists() or not site.has_access("read"):
            return None
        return self._prepare_return_detail(subject, site) if subject._is_seen_at(site) else None

    # === BEGINNING === #

    @api.model
    def _begin_receipt(self, record, operation, states=COMING_STATES):
        """Make sure that goods of a return can be taken in where the user is.

        :param record: ``oms.return``, locked
        :param states: in which it can be
        :return: ``oms.site``
        :raise UserError: nothing can come of it any more, or not to this site
        """
        site = self._read_return_site(operation)
        if not record.exists():
            raise UserError(self.env._("This return is not there any more."))
        if record.state not in states:
            state = dict(record._fields["state"]._description_selection(self.env))[record.state]
            raise UserError(
                self.env._(
                    "%(name)s is %(state)s: nothing more can come of it.",
                    name=record.name,
                    state=state.lower(),
                )
            )
        if record.company_id != site.company_id:
            raise UserError(
                self.env._("%(name)s is not for %(site)s.", name=record.name, site=site.name)
            )
        return site

    @api.model
    def _read_return_site(self, operation):
        site = self._get_return_site(operation["site_id"])
        if not site.warehouse_id or not site.takes_returns:
            raise UserError(self.env._("%s takes no returns.", site.name))
        # sudo: the user works there, as was just made sure of
        return site.sudo()

    @api.model
    def _apply_return_receive(self, record, operation):
        """Begin to take goods in; with ``return_key`` such as nobody announced.

        Keys: ``order_id`` from which they are, where it is known.
        """
        if record:
            site = self._begin_receipt(record, operation)
            text = self.env._("%s is here.", record.name)
            if record.site_id and record.site_id != site:
                return Answer(
                    f"{text} {self.env._('It was announced for %s.', record.site_id.name)}",
                    "warning",
                )
            return Answer(text)
        if not operation.get("return_key"):
            raise UserError(self.env._("This return is not there any more."))
        site = self._read_return_site(operation)
        order = self._read_order(operation, site) if operation.get("order_id") else None
        record = self._make_blind(site, operation["return_key"], order)
        text = (
            self.env._("%(name)s: goods of order %(order)s.", name=record.name, order=order.name)
            if order
            else self.env._("%s: nobody knows yet from which order.", record.name)
        )
        return Answer(text, seen={"return_id": record.id})

    @api.model
    def _read_order(self, operation, site):
        """Return the delivered order that an operation names."""
        key = operation.get("order_id")
        # sudo: whoever has goods in hand looks for their customer among all orders of the company
        order = self.env["sale.order"].sudo().browse(key if is_id(key) else ()).exists()
        if not order or order.company_id != site.company_id or order.state != "sale":
            raise UserError(self.env._("This order is not one of %s.", site.company_id.name))
        return order

    @api.model
    def _make_blind(self, site, key, order=None):
        """Make a return of goods that nobody announced."""
        # sudo: nobody writes returns, they follow what happens
        returns = self.env["oms.return"].sudo().with_company(site.company_id)
        vals = {
            "origin": "blind",
            "way": "dropoff",
            "state": "authorized",
            "authorized_at": fields.Datetime.now(),
            "company_id": site.company_id.id,
            "site_id": site.id,
            "receipt_key": key,
        }
        if order:
            vals |= self._prepare_order_vals(order)
        return returns.create(vals)

    @api.model
    def _prepare_order_vals(self, order):
        """Return what a return takes over from its order."""
        policy = (
            self.env["oms.return.policy"].sudo()._find_for(order.oms_channel_id, order.company_id)
        )
        return {
            "order_id": order.id,
            "partner_id": order.partner_id.id,
            "channel_id": order.oms_channel_id.id,
            "policy_id": policy.id,
        }
