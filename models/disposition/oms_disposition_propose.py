from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_repr

from ...engine.disposition import solve
from .disposition_case import FORBIDDEN


class OmsReturnItem(models.Model):
    """What came back and was judged gets a proposal of what becomes of it."""

    _inherit = "oms.return.item"

    disposition_ids = fields.One2many(
        "oms.disposition", "item_id", string="Dispositions", readonly=True
    )
    disposition_text = fields.Char(string="Disposition", compute="_compute_disposition_text")

    @api.depends("disposition_ids.kind", "disposition_ids.target_site_id", "disposition_ids.state")
    def _compute_disposition_text(self):
        for item in self:
            found = item.disposition_ids.filtered(lambda each: each.state != "cancelled")
            item.disposition_text = ", ".join(
                f"{float_repr(each.quantity, 2).rstrip('0').rstrip('.')} × {each._describe_kind()}"
                if len(found) > 1
                else each._describe_kind()
                for each in found
            )

    def _propose_dispositions(self):
        """Propose what becomes of goods; what was proposed before and not decided is forgotten.

        Goods are looked at that were inspected and graded and are kept in stock. All are decided
        on together, for the second unit of a product is worth less than the first.

        :return: the proposals
        :rtype: oms.disposition
        """
        # sudo: proposals follow from all sites, whoever inspected the goods
        items = self.sudo()
        items.disposition_ids.filtered(lambda each: each.state == "proposed").unlink()
        made = self.env["oms.disposition"].sudo()
        for company, of_company in (
            items.filtered(lambda item: item._get_undecided() > 0).grouped("company_id").items()
        ):
            made |= of_company._propose_for(company)
        made._accept_by_rule()
        return made.with_env(self.env)

    def _get_undecided(self):
        """Return how much of an item may still be put somewhere.

        :return: in the product's unit
        :rtype: float
        """
        self.ensure_one()
        if self.state != "inspected" or not self.grade_id or not self.product_id.is_storable:
            return 0.0
        if not self.site_id.warehouse_id:
            return 0.0
        decided = self.disposition_ids.filtered(
            lambda each: each.state in ("under_way", "stopped", "done")
        )
        return self.product_id.uom_id.round(self.quantity - sum(decided.mapped("quantity")))

    def _get_location(self):
        """Return where the goods of an item were put when they came.

        :rtype: stock.location
        """
        self.ensure_one()
        came = self.move_ids.filtered(
            lambda move: (
                move.state == "done"
                and move.location_dest_id.warehouse_id == self.site_id.warehouse_id
            )
        )
        return came[:1].location_dest_id or self.site_id._get_return_location()

    def _propose_for(self, company):
        Disposition = self.env["oms.disposition"]
        goods = [
            (
                item.product_id,
                item.grade_id,
                item.site_id,
                item._get_undecided(),
                item.line_id.reason_id,
            )
            for item in self
        ]
        case = Disposition._prepare_case(company, goods)
        plan = solve(case.problem)
        return Disposition.create(
            [
                values
                for item, ways, alternatives in zip(self, case.ways, plan.lots, strict=True)
                for values in item._prepare_dispositions(ways, alternatives)
            ]
        )

    def _prepare_dispositions(self, ways, alternatives):
        """Return the values of what is proposed: one proposal for each thing to do.

        :param list ways: what each option means
        :param tuple alternatives: all options as the engine judges them
        """
        real = [each for each in alternatives if each.value > -FORBIDDEN / 2]
        found = []
        for chosen in (each for each in real if each.quantity):
            way = ways[chosen.option]
            others = [each for each in real if not each.quantity]
            second = max(others, key=lambda each: each.value, default=None)
            gain = (chosen.value - second.value) * chosen.quantity if second else 0.0
            found.append(
                {
                    "item_id": self.id,
                    "grade_id": self.grade_id.id,
                    "quantity": self.product_id.uom_id.round(chosen.quantity),
                    "site_id": self.site_id.id,
                    "location_id": self._get_location().id,
                    "kind": way.kind,
                    "target_site_id": way.site.id if way.kind in ("send", "refurbish") else False,
                    "result_grade_id": way.grade.id,
                    "proposed_kind": way.kind,
                    "proposed_site_id": way.site.id,
                    "unit_value": chosen.value,
                    "gain": max(gain, 0.0),
                    "why": self._tell_why(chosen, second, ways),
                    "option_ids": [
                        fields.Command.create(self._prepare_option(place, each, chosen, ways))
                        for place, each in enumerate(real)
                    ],
                }
            )
        return found

    def _prepare_option(self, place, alternative, chosen, ways):
        way = ways[alternative.option]
        verdict = alternative.verdict
        if verdict == "chosen" and alternative is not chosen:
            verdict = "other"
        return {
            "sequence": 0 if alternative is chosen else place + 1,
            "kind": way.kind,
            "site_id": way.site.id,
            "grade_id": way.grade.id,
            "earning": alternative.earning,
            "cost": alternative.earning - alternative.value,
            "costs": [[cost.name, cost.amount] for cost in alternative.costs],
            "value": alternative.value,
            "chance": alternative.chance or 0.0,
            "days": alternative.days or 0.0,
            "is_sold": alternative.chance is not None,
            "verdict": verdict,
        }

    def _tell_why(self, chosen, second, ways):
        """Say in a few words why something is proposed.

        :rtype: str
        """
        money = self.company_id.currency_id.format
        sentences = [
            self.env._(
                "%(what)s: a unit is worth %(value)s.",
                what=self._describe_way(ways[chosen.option]),
                value=money(chosen.value),
            ),
            self._tell_sale(chosen),
        ]
        if second:
            sentences += [
                self.env._(
                    "Next best: %(what)s, worth %(value)s.",
                    what=self._describe_way(ways[second.option]),
                    value=money(second.value),
                ),
                self._tell_sale(second),
            ]
        return " ".join(sentence for sentence in sentences if sentence)

    def _describe_way(self, way):
        Disposition = self.env["oms.disposition"]
        text = Disposition._describe_kind(way.kind, way.site)
        return f"{text} ({way.grade.code})" if way.kind in ("sell", "send", "refurbish") else text

    def _tell_sale(self, alternative):
        if alternative.chance is None:
            return ""
        if not alternative.days:
            return self.env._("Nothing was sold there lately.")
        return self.env._(
            "It sells there with %(chance).0f %% chance, in %(days).0f days.",
            chance=100.0 * alternative.chance,
            days=alternative.days,
        )


class OmsDisposition(models.Model):
    _inherit = "oms.disposition"

    def _accept_by_rule(self):
        """Carry out proposals that need no person by the rules.

        What came of an order and was not accepted is still the customer's: a person looks at it.
        """
        # sudo: rules count for whoever works at a site
        rules = self.env["oms.disposition.rule"].sudo().search([("effect", "=", "accept")])
        if not rules:
            return
        ours = self.filtered(lambda each: each.item_id.accepted or not each.item_id.line_id)
        ours.filtered(
            lambda each: any(
                not rule.kind or rule.kind == each.kind
                for rule in rules._get_matching(
                    each.product_id, each.grade_id, each.site_id, each.item_id.line_id.reason_id
                )
            )
        )._carry_out_each()

    def _carry_out_each(self):
        """Carry out proposals; what cannot be done waits for a person, and says why."""
        try:
            with self.env.cr.savepoint():
                return self._carry_out()
        except UserError:
            # One of them cannot be done: the others are not to wait for it.
            self.invalidate_recordset()
        for record in self:
            try:
                with self.env.cr.savepoint():
                    record._carry_out()
            except UserError as error:
                record.message_post(
                    body=self.env._("It could not be done by itself: %s", str(error))
                )
        return None


class OmsReturn(models.Model):
    _inherit = "oms.return"

    disposition_ids = fields.One2many(
        "oms.disposition", "return_id", string="Dispositions", readonly=True
    )
    disposition_count = fields.Integer(compute="_compute_disposition_count", compute_sudo=True)

    @api.depends("disposition_ids")
    def _compute_disposition_count(self):
        counts = dict(
            self.env["oms.disposition"]._read_group(
                [("return_id", "in", self.ids)], ["return_id"], ["__count"]
            )
        )
        for record in self:
            record.disposition_count = counts.get(record, 0)

    def _inspect(self, verdicts):
        items = super()._inspect(verdicts)
        try:
            with self.env.cr.savepoint():
                items._propose_dispositions()
        except UserError as error:
            # The customer's money does not wait for that.
            # sudo: as whoever inspects goods need not have rights on the return
            self.sudo().message_post(
                body=self.env._("Nothing is proposed for the goods: %s", str(error))
            )
        return items

    def action_view_dispositions(self):
        """Open what becomes of the goods of the returns.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_disposition")
        action["domain"] = [("return_id", "in", self.ids)]
        action["context"] = {}
        return action
