from odoo import api, fields, models
from odoo.exceptions import UserError

from ...engine.disposition import solve
from ..disposition.disposition_case import FORBIDDEN


class OmsSiteWork(models.AbstractModel):
    """What had best become of goods, told before they are booked, and another choice kept.

    A choice is called as its kind, with the site behind a slash where goods go to one: ``scrap``,
    ``send/12``.
    """

    _inherit = "oms.site.work"

    @api.model
    def _get_proposal(self, site, product, grade, quantity):
        """Ask the engine as it is asked when the goods are inspected; nothing is written."""
        if not product.is_storable or not site.warehouse_id:
            return super()._get_proposal(site, product, grade, quantity)
        # sudo: where goods are worth most follows from all sites, whoever asks
        dispositions = self.env["oms.disposition"].sudo()
        goods = (product, grade, site, quantity, self.env["oms.return.reason"])
        try:
            case = dispositions._prepare_case(site.company_id, [goods])
        except UserError:
            # Without a policy nothing is proposed.
            return None
        [alternatives], [ways] = solve(case.problem).lots, case.ways
        options = {}
        for each in alternatives:
            if each.value > -FORBIDDEN / 2:
                way = ways[each.option]
                key = self._make_disposition_key(way.kind, way.site)
                options.setdefault(key, self._prepare_option(key, each, way))
        if not options:
            return None
        # The best one stands first.
        return {"key": next(iter(options)), "options": list(options.values())}

    @api.model
    def _prepare_option(self, key, alternative, way):
        currency = way.site.company_id.currency_id
        return {
            "key": key,
            "label": self.env["oms.disposition"]._describe_kind(way.kind, way.site),
            "value": currency.format(alternative.value),
            "why": self.env["oms.return.item"]._tell_sale(alternative),
        }

    @api.model
    def _make_disposition_key(self, kind, site):
        return f"{kind}/{site.id}" if kind in ("send", "refurbish") else kind

    @api.model
    def _read_disposition_key(self, key):
        """Return the kind and the site of a choice.

        :raise UserError: it is none
        """
        kind, _slash, number = (key or "").partition("/")
        kinds = dict(self.env["oms.disposition"]._fields["kind"].selection)
        site = self.env["oms.site"].sudo()
        if number:
            site = site.browse(int(number) if number.isdecimal() and len(number) < 10 else ())
        if kind not in kinds or (number and not site.exists()):
            raise UserError(self.env._("Nothing of that kind can become of goods: %s.", key))
        return kind, site

    @api.model
    def _name_disposition(self, key):
        if not key:
            return None
        kind, site = self._read_disposition_key(key)
        return self.env["oms.disposition"]._describe_kind(kind, site)

    @api.model
    def _get_item_disposition(self, item):
        return item.disposition_text or None

    @api.model
    def _read_verdict(self, record, operation, product, grade, photos):
        values = super()._read_verdict(record, operation, product, grade, photos)
        if values["disposition"]:
            self._read_disposition_key(values["disposition"])
        return values


class OmsReturn(models.Model):
    _inherit = "oms.return"

    def _prepare_item(self, item, site):
        vals = super()._prepare_item(item, site)
        return vals | {"wanted_disposition": item.get("disposition")}

    def _inspect(self, verdicts):
        """Judge goods, and do with them what somebody chose who had them in hand."""
        items = super()._inspect(verdicts)
        wanted = {
            each["item_id"]: each["disposition"] for each in verdicts if each.get("disposition")
        }
        for item in items.sudo().filtered(lambda item: item.id in wanted):
            item._choose_disposition(wanted[item.id])
        return items


class OmsReturnItem(models.Model):
    _inherit = "oms.return.item"

    wanted_disposition = fields.Char(
        readonly=True, help="What who had it in hand chose to become of it."
    )

    def _choose_disposition(self, key):
        """Do with goods what somebody chose who had them in hand.

        :param str key: as the screen calls it
        """
        self.ensure_one()
        kind, site = self.env["oms.site.work"]._read_disposition_key(key)
        proposed = self.disposition_ids.filtered(lambda each: each.state == "proposed")
        if proposed:
            proposed._choose(kind, site, self.env._("Chosen by %s.", self.env.user.name))
