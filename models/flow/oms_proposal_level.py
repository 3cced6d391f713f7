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
        refused = {
            proposal: self.env._(
                "%s keeps no stock in a warehouse of its own.", proposal.site_id.name
            )
            for proposal in self
            if proposal._get_asked_level() is None or not proposal.site_id.warehouse_id
        }
        sound = self.filtered(lambda each: each not in refused)
        return refused | sound._do_apart(lambda some: some._set_levels())

    def _get_asked_level(self):
        """Return minimum, maximum and safety stock that are proposed.

        The safety stock is none where it is not held back.
        """
        level = ((self.explanation or {}).get("facts") or {}).get("level") or {}
        return level.get("set")

    def _set_levels(self):
        rules, safeties = self._set_orderpoints(), self._set_safeties()
        for proposal in self:
            proposal.before = {"rule": rules.get(proposal), "safety": safeties.get(proposal)}
        return {}

    def _find_orderpoints(self):
        """Return the reordering rules of the goods at their sites, archived ones too.

        :rtype: dict[OmsProposal, stock.warehouse.orderpoint]
        """
        places = self.site_id.warehouse_id.lot_stock_id
        found = (
            self.env["stock.warehouse.orderpoint"]
            .with_context(active_test=False)
            .search([("product_id", "in", self.product_id.ids), ("location_id", "in", places.ids)])
            .grouped(lambda point: (point.product_id, point.location_id, point.company_id))
        )
        none = self.env["stock.warehouse.orderpoint"]
        return {
            each: found.get(
                (each.product_id, each.site_id.warehouse_id.lot_stock_id, each.company_id), none
            )[:1]
            for each in self
        }

    def _set_orderpoints(self):
        """Write reordering rules; return what they were, by proposal.

        New ones do not order by themselves: flows propose what to buy and to pull.
        """
        kept, new, alike = {}, {}, {}
        for proposal, point in self._find_orderpoints().items():
            low, high, _safety = proposal._get_asked_level()
            numbers = {"product_min_qty": low, "product_max_qty": high}
            if point:
                was = {name: point[name] for name in (*numbers, "active")}
                kept[proposal] = {"id": point.id, "was": was, "set": {**numbers, "active": True}}
                alike.setdefault((low, high), []).append(point.id)
            elif high:
                new[proposal] = numbers
        Point = self.env["stock.warehouse.orderpoint"]
        for (low, high), ids in alike.items():
            Point.browse(ids).write(
                {"product_min_qty": low, "product_max_qty": high, "active": True}
            )
        made = Point.create(
            [
                {
                    "product_id": proposal.product_id.id,
                    "warehouse_id": proposal.site_id.warehouse_id.id,
                    "location_id": proposal.site_id.warehouse_id.lot_stock_id.id,
                    "company_id": proposal.company_id.id,
                    "trigger": "manual",
                    **numbers,
                }
                for proposal, numbers in new.items()
            ]
        )
        for (proposal, numbers), point in zip(new.items(), made, strict=True):
            # Whoever has it order by itself, of somebody or on some way, wants to keep it.
            told = {name: point[name] for name in ("active", "trigger")}
            kept[proposal] = {"id": point.id, "was": None, "set": {**numbers, **told}}
        return kept

    def _set_safeties(self):
        """Write safety stocks; return what they were, by proposal."""
        asked = {
            proposal: safety
            for proposal in self
            for _low, _high, safety in [proposal._get_asked_level()]
            if safety is not None
        }
        Safety = self.env["oms.safety.stock"]
        found = Safety.search(
            [
                ("product_id", "in", self.product_id.ids),
                ("site_id", "in", self.site_id.ids),
                ("operator", "=", "subtract"),
                ("date_from", "=", False),
                ("date_to", "=", False),
            ]
        ).grouped(lambda rule: (rule.product_id, rule.site_id, rule.company_id))
        kept, new, alike = {}, {}, {}
        for proposal, quantity in asked.items():
            key = proposal.product_id, proposal.site_id, proposal.company_id
            rule = found.get(key, Safety)[:1]
            if not rule and quantity:
                new[proposal] = quantity
            elif rule and abs(rule.quantity - quantity) > 1e-9:
                kept[proposal] = {"id": rule.id, "was": rule.quantity, "set": quantity}
                alike.setdefault(quantity, []).append(rule.id)
        for quantity, ids in alike.items():
            Safety.browse(ids).quantity = quantity
        made = Safety.create(
            [
                {
                    "product_id": proposal.product_id.id,
                    "site_id": proposal.site_id.id,
                    "company_id": proposal.company_id.id,
                    "quantity": quantity,
                    "note": self.env._("From a proposal of levels"),
                }
                for proposal, quantity in new.items()
            ]
        )
        for (proposal, quantity), rule in zip(new.items(), made, strict=True):
            kept[proposal] = {"id": rule.id, "was": None, "set": quantity}
        return kept

    # === UNDOING === #

    def _undo_level(self):
        """Write back what was there before.

        :raises UserError: somebody has changed it meanwhile
        """
        # All is looked at before anything is written.
        rules, safeties = self._find_own_orderpoints(), self._find_own_safeties()
        for records in (rules, safeties):
            alike = {}
            for record, was in records.items():
                if was is not None:
                    alike.setdefault(tuple(was.items()), []).append(record.id)
            for was, ids in alike.items():
                next(iter(records)).browse(ids).write(dict(was))
            made = [record.id for record, was in records.items() if was is None]
            if made:
                next(iter(records)).browse(made).unlink()
        self.before = False

    def _find_own_orderpoints(self):
        """Return the reordering rules that were written, and what they were; none for new ones.

        :raises UserError: somebody has changed one
        """
        kept = {each: each.before["rule"] for each in self if (each.before or {}).get("rule")}
        Point = self.env["stock.warehouse.orderpoint"].with_context(active_test=False)
        there = Point.browse([rule["id"] for rule in kept.values()]).exists()
        points = {point.id: point for point in there}
        for proposal, rule in kept.items():
            point = points.get(rule["id"])
            if not (point and point._oms_is_as_set(rule)):
                raise UserError(
                    self.env._(
                        "The reordering rule of %s has been changed, archived or deleted "
                        "meanwhile: set it by hand.",
                        proposal.display_name,
                    )
                )
        return {points[rule["id"]]: rule["was"] for rule in kept.values()}

    def _find_own_safeties(self):
        """Return the safety stocks that were written, and what they were; none for new ones.

        :raises UserError: somebody has changed one
        """
        kept = {each: each.before["safety"] for each in self if (each.before or {}).get("safety")}
        Safety = self.env["oms.safety.stock"].with_context(active_test=False)
        there = Safety.browse([rule["id"] for rule in kept.values()]).exists()
        rules = {rule.id: rule for rule in there}
        for proposal, what in kept.items():
            rule = rules.get(what["id"])
            if not (rule and proposal._is_own_safety(rule, what["set"])):
                raise UserError(
                    self.env._(
                        "The safety stock of %s has been changed, archived or deleted meanwhile: "
                        "set it by hand.",
                        proposal.display_name,
                    )
                )
        return {
            rules[what["id"]]: None if what["was"] is None else {"quantity": what["was"]}
            for what in kept.values()
        }

    def _is_own_safety(self, rule, quantity):
        """Return whether a safety stock still is what the proposal made of it."""
        return (
            rule.active
            and rule.operator == "subtract"
            and not (rule.date_from or rule.date_to)
            and (rule.product_id, rule.site_id) == (self.product_id, self.site_id)
            and abs(rule.quantity - quantity) <= 1e-6
        )

    # === WHY === #

    def _get_detail_sentences(self, facts):
        sentences = super()._get_detail_sentences(facts)
        level = facts.get("level")
        return [*sentences, *self._get_level_sentences(level)] if level else sentences

    def _get_level_sentences(self, level):
        """Return what made a level, a sentence for each part that counts."""
        unit, site = self.uom_id.name, self.site_id.name
        low, high, _safety = level["set"]
        sentences = [
            self.env._(
                "Below %(low)s %(unit)s it is ordered, up to %(high)s.",
                low=f"{low:g}",
                unit=unit,
                high=f"{high:g}",
            )
            if high
            else self.env._("It is not kept at %s any more.", site),
            self.env._("%(site)s sells %(rate)s.", site=site, rate=self._say_rate(level["own"]))
            if level["own"] > 1e-6
            else self.env._("%s sells none of it by itself.", site),
        ]
        others = self.site_rate - level["own"]
        if others > 1e-4:
            sentences.append(
                self.env._("The sites that it supplies want %s.", self._say_rate(others))
            )
        sentences += [
            self.env._(
                "More comes %(days)s days after it is ordered, from %(origin)s, give or take "
                "%(late)s; days between two looks at whether to order: %(review)s.",
                days=f"{level['lead']:g}",
                origin=level["origin"] or self.env._("the supplier"),
                late=f"{level['late']:g}",
                review=f"{level['review']:g}",
            ),
            self.env._(
                "Until then %(demand)s are wanted on average.",
                demand=f"{level['for_demand']:g}",
            ),
            self._get_service_sentence(level),
        ]
        parts = {
            "off_worth": self.env._(
                "%s less: to store them would cost more than the sales bring that they spare."
            ),
            "for_presentation": self.env._("%s more are to stand on the shelf."),
            "for_lot": self.env._("%s more come with an order, so that it is worth while."),
            "off_capacity": self.env._("%s less: the shelf holds no more."),
            "off_life": self.env._("%s less: they would not be sold before the last day."),
        }
        sentences += [
            text % f"{level[name]:g}" for name, text in parts.items() if level.get(name, 0.0) > 0
        ]
        if level["pooled"] == "all":
            sentences.append(
                self.env._(
                    "Any site may send it to the customers of all: it is kept where that costs "
                    "least."
                )
            )
        elif level["pooled"]:
            sentences.append(
                self.env._(
                    "It is rarely wanted: few sites keep it for the customers of all of them."
                )
            )
        if level["pooled"] and level.get("local"):
            sentences.append(
                self.env._(
                    "%s %% of what is wanted here is collected here or sold at the till.",
                    level["local"],
                )
            )
        return sentences

    def _get_service_sentence(self, level):
        """Return what the service of its class adds to a level, or takes off."""
        share = f"{level['service']:g}"
        goal = (
            self.env._("nothing is missing in %s %% of all delivery cycles", share)
            if level["measure"] == "cycle"
            else self.env._("%s %% of all units are there when they are wanted", share)
        )
        words = {"klass": level["class"], "goal": goal, "units": f"{abs(level['for_service']):g}"}
        if level["for_service"] >= 0:
            return self.env._(
                "Class %(klass)s: so that %(goal)s, %(units)s more are kept for what may come.",
                **words,
            )
        return self.env._("Class %(klass)s: that %(goal)s takes %(units)s less than that.", **words)
