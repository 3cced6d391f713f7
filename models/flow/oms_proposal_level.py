from odoo import models
from odoo.exceptions import UserError


class OmsProposal(models.Model):
    """Accepted, a level becomes the reordering rule and the safety stock of goods at a site."""

    _inherit = "oms.proposal"

    def _carry_out_level(self):
        """Write reordering rules and safety stocks, and keep what was there before.

        :return: why each of those that cannot be written cannot
        :rtype: dict[OmsProposal, str]
        """
        refused = {}
        for proposal in self:
            try:
                with self.env.cr.savepoint():
                    proposal._set_level()
            except UserError as error:
                refused[proposal] = str(error)
        return refused

    def _set_level(self):
        self.ensure_one()
        asked = ((self.explanation or {}).get("facts") or {}).get("level") or {}
        low, high, safety = asked.get("set") or (None, None, None)
        warehouse = self.site_id.warehouse_id
        if low is None or not warehouse:
            raise UserError(
                self.env._("%s keeps no stock in a warehouse of its own.", self.site_id.name)
            )
        self.before = {
            "rule": self._set_orderpoint(warehouse, low, high),
            "safety": self._set_safety(safety),
        }

    def _set_orderpoint(self, warehouse, low, high):
        """Write the reordering rule; return what it was.

        A new one does not order by itself: flows propose what to buy and to pull.
        """
        Point = self.env["stock.warehouse.orderpoint"].with_context(active_test=False)
        place = warehouse.lot_stock_id
        point = Point.search(
            [
                ("product_id", "=", self.product_id.id),
                ("location_id", "=", place.id),
                ("company_id", "=", self.company_id.id),
            ],
            limit=1,
        )
        numbers = {"product_min_qty": low, "product_max_qty": high}
        if not point:
            if not high:
                return None
            point = Point.create(
                {
                    "product_id": self.product_id.id,
                    "warehouse_id": warehouse.id,
                    "location_id": place.id,
                    "company_id": self.company_id.id,
                    "trigger": "manual",
                    **numbers,
                }
            )
            return {"id": point.id, "was": None, "set": numbers}
        was = {
            "product_min_qty": point.product_min_qty,
            "product_max_qty": point.product_max_qty,
            "active": point.active,
        }
        point.write({**numbers, "active": True})
        return {"id": point.id, "was": was, "set": numbers}

    def _set_safety(self, quantity):
        """Write the safety stock; return what it was."""
        Safety = self.env["oms.safety.stock"]
        rule = Safety.search(
            [
                ("product_id", "=", self.product_id.id),
                ("site_id", "=", self.site_id.id),
                ("company_id", "=", self.company_id.id),
                ("operator", "=", "subtract"),
                ("date_from", "=", False),
                ("date_to", "=", False),
            ],
            limit=1,
        )
        if not rule:
            if not quantity:
                return None
            rule = Safety.create(
                {
                    "product_id": self.product_id.id,
                    "site_id": self.site_id.id,
                    "company_id": self.company_id.id,
                    "quantity": quantity,
                    "note": self.env._("From a proposal of levels"),
                }
            )
            return {"id": rule.id, "was": None, "set": quantity}
        was = rule.quantity
        if abs(was - quantity) < 1e-9:
            return None
        rule.quantity = quantity
        return {"id": rule.id, "was": was, "set": quantity}

    def _undo_level(self):
        """Write back what was there before.

        :raises UserError: somebody has changed it meanwhile
        """
        for proposal in self:
            before = proposal.before or {}
            if before.get("rule"):
                proposal._undo_orderpoint(before["rule"])
            if before.get("safety"):
                proposal._undo_safety(before["safety"])
            proposal.before = False

    def _undo_orderpoint(self, kept):
        point = (
            self.env["stock.warehouse.orderpoint"]
            .with_context(active_test=False)
            .browse(kept["id"])
            .exists()
        )
        if not point or any(abs(point[name] - kept["set"][name]) > 1e-6 for name in kept["set"]):
            raise UserError(
                self.env._(
                    "The reordering rule of %s has been changed meanwhile: set it by hand.",
                    self.display_name,
                )
            )
        if kept["was"] is None:
            point.unlink()
        else:
            point.write(kept["was"])

    def _undo_safety(self, kept):
        rule = self.env["oms.safety.stock"].browse(kept["id"]).exists()
        if not rule or abs(rule.quantity - kept["set"]) > 1e-6:
            raise UserError(
                self.env._(
                    "The safety stock of %s has been changed meanwhile: set it by hand.",
                    self.display_name,
                )
            )
        if kept["was"] is None:
            rule.unlink()
        else:
            rule.quantity = kept["was"]

    # === WHY === #

    def _get_detail_sentences(self, facts):
        sentences = super()._get_detail_sentences(facts)
        level = facts.get("level")
        return [*sentences, *self._get_level_sentences(level)] if level else sentences

    def _get_level_sentences(self, level):
        """Return what made a level, a sentence for each part that counts."""
        unit = self.uom_id.name
        counted = (
            self.env._("of all delivery cycles")
            if level["measure"] == "cycle"
            else self.env._("of all units")
        )
        sentences = [
            self.env._(
                "%(site)s sells %(rate)s %(unit)s a day; more comes %(days)s days after it is "
                "ordered, from %(origin)s.",
                site=self.site_id.name,
                rate=f"{self.site_rate:.3g}",
                unit=unit,
                days=f"{level['lead']:g}",
                origin=level["origin"] or self.env._("the supplier"),
            ),
            self.env._(
                "Class %(klass)s asks for %(service)s %% %(counted)s: %(demand)s are for the "
                "demand until then, %(safety)s for its chances.",
                klass=level["class"],
                service=f"{level['service']:g}",
                counted=counted,
                demand=f"{level['for_demand']:g}",
                safety=f"{level['for_service']:g}",
            ),
        ]
        parts = {
            "for_presentation": self.env._("%s more are to stand on the shelf."),
            "for_lot": self.env._("%s more come with an order, which is worth while so."),
            "off_capacity": self.env._("%s less: the shelf holds no more."),
            "off_life": self.env._("%s less: they would not be sold before the last day."),
        }
        sentences += [text % f"{level[name]:g}" for name, text in parts.items() if level[name] > 0]
        if level["pooled"]:
            sentences.append(
                self.env._(
                    "It is rarely wanted: few sites keep it for the customers of all of them."
                )
            )
        return sentences
