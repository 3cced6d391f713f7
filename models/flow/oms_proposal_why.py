import math
from datetime import timedelta

from odoo import api, fields, models

from .oms_proposal import GOODS_KINDS, MOVING_KINDS

#: Days of the chart of stock before and after.
CHART_DAYS = 28


class OmsProposal(models.Model):
    """A proposal says in words and in a picture why it is made."""

    _inherit = "oms.proposal"

    # sudo: the site at the other end is named to whoever sees the proposal
    why = fields.Text(compute="_compute_why", compute_sudo=True)
    part_text = fields.Char(string="Gain in Parts", compute="_compute_why", compute_sudo=True)
    chart = fields.Json(compute="_compute_chart", compute_sudo=True)

    @api.depends("explanation", "quantity", "gain", "note", "risk", "risk_there")
    def _compute_why(self):
        words = self._get_part_words()
        for proposal in self:
            proposal.why = "\n".join(proposal._get_reasons())
            proposal.part_text = ", ".join(
                f"{words.get(name, name)} {proposal.currency_id.format(amount)}"
                for name, amount in (proposal.explanation or {}).get("parts") or []
                if not proposal.currency_id.is_zero(amount)
            )

    @api.model
    def _get_part_words(self):
        """Return what the parts of a gain are called."""
        return {
            "value_there": self.env._("earned there"),
            "value_here": self.env._("given up here"),
            "ageing": self.env._("for its age"),
            "carrying": self.env._("for days on the shelf"),
            "fixed": self.env._("share of the shipment"),
            "weight": self.env._("transport by weight"),
            "unit": self.env._("transport by piece"),
            "handling": self.env._("handling"),
            "carbon": self.env._("carbon"),
            "way": self.env._("the way"),
            "saved": self.env._("sales that would be missed"),
            "holding": self.env._("storage"),
        }

    def _get_reasons(self):
        """Return why a proposal is made, a sentence each.

        :rtype: list[str]
        """
        self.ensure_one()
        reasons = []
        if self.kind in GOODS_KINDS:
            reasons.append(self._get_need_sentence())
        if self.kind in MOVING_KINDS:
            reasons += [self._get_donor_sentence(), self._get_others_sentence()]
            reasons.append(self._get_spare_sentence())
        reasons += self._get_detail_sentences((self.explanation or {}).get("facts") or {})
        if self.risk > 0.005 and self.kind in GOODS_KINDS:
            risk = f"{self.risk * 100:.0f}"
            reasons.append(
                self.env._(
                    "%(origin)s misses sales of its own by it with a chance of %(risk)s %%.",
                    origin=self.origin_id.name,
                    risk=risk,
                )
                if self.kind in MOVING_KINDS
                else self.env._("The risk to regret it is %s %%.", risk)
            )
        if self.risk_there > 0.005 and self.kind in MOVING_KINDS:
            reasons.append(
                self.env._(
                    "The last unit is left over at %(site)s with a chance of %(risk)s %%.",
                    site=self.site_id.name,
                    risk=f"{self.risk_there * 100:.0f}",
                )
            )
        if self.note:
            reasons.append(self.note)
        return [reason for reason in reasons if reason]

    def _get_need_sentence(self):
        site = self.site_id.name
        before = self._say_quantity(self.site_before)
        if self.site_rate <= 0:
            return self.env._(
                "%(site)s has %(before)s and has sold none lately.", site=site, before=before
            )
        if self.site_before <= 0:
            return self.env._(
                "%(site)s sells %(rate)s and has %(before)s; with it it has enough for %(after)s.",
                site=site,
                rate=self._say_rate(self.site_rate),
                before=before,
                after=self._say_days(max(self.site_after, 0.0) / self.site_rate),
            )
        return self.env._(
            "%(site)s sells %(rate)s and has %(before)s: enough for %(days)s, with it for "
            "%(after)s.",
            site=site,
            rate=self._say_rate(self.site_rate),
            before=before,
            days=self._say_days(max(self.site_before, 0.0) / self.site_rate),
            after=self._say_days(max(self.site_after, 0.0) / self.site_rate),
        )

    def _get_donor_sentence(self):
        origin = self.origin_id.name
        before = self._say_quantity(self.origin_before)
        if self.origin_rate <= 0:
            return self.env._(
                "%(origin)s has %(before)s and has sold none lately; %(after)s stay.",
                origin=origin,
                before=before,
                after=f"{self.origin_after:g}",
            )
        return self.env._(
            "%(origin)s sells %(rate)s and has %(before)s: enough for %(days)s; %(after)s stay, "
            "for %(left)s.",
            origin=origin,
            rate=self._say_rate(self.origin_rate),
            before=before,
            days=self._say_days(max(self.origin_before, 0.0) / self.origin_rate),
            after=f"{self.origin_after:g}",
            left=self._say_days(max(self.origin_after, 0.0) / self.origin_rate),
        )

    def _get_others_sentence(self):
        """Say what other proposals take of the same stock; empty if none does."""
        others = self.origin_before - self.quantity - self.origin_after
        if self.uom_id.compare(others, 0.0) <= 0:
            return ""
        return self.env._(
            "Other proposals take %s of it, and are taken off already.", self._say_quantity(others)
        )

    def _say_quantity(self, quantity):
        """Return a number of units in words; below zero more is promised than there is."""
        unit = self.uom_id.name
        if quantity < 0:
            return self.env._(
                "%(quantity)s %(unit)s less than it has promised",
                quantity=f"{-quantity:g}",
                unit=unit,
            )
        return f"{quantity:g} {unit}" if quantity else self.env._("no %s", unit)

    def _say_rate(self, rate):
        """Return how much is sold in the time in which one is: a day, a week or a month.

        :param float rate: units a day, above zero
        """
        unit = self.uom_id.name
        if rate >= 1.0:
            return self.env._("%(quantity)s %(unit)s a day", quantity=f"{rate:.2f}", unit=unit)
        if rate >= 1.0 / 7.0:
            return self.env._(
                "%(quantity)s %(unit)s a week", quantity=f"{7.0 * rate:.1f}", unit=unit
            )
        return self.env._("%(quantity)s %(unit)s a month", quantity=f"{30.0 * rate:.2g}", unit=unit)

    def _say_days(self, days):
        """Return a time in days, months or years, whatever is read at a glance."""
        if days < 1.0:
            return self.env._("less than a day")
        if days < 90.0:
            return self.env._("%s days", f"{days:.0f}")
        if days < 730.0:
            return self.env._("%s months", f"{days / 30.4:.0f}")
        return self.env._("more than two years")

    def _get_spare_sentence(self):
        """Return the warning that an edited quantity takes what the origin needs itself."""
        need = ((self.explanation or {}).get("facts") or {}).get("need")
        if not need or not self.is_edited or self.origin_after >= need - 1e-6:
            return ""
        return self.env._(
            "Edited beyond what it can spare: %(origin)s needs %(need)s itself, %(after)s stay.",
            origin=self.origin_id.name,
            need=f"{need:g}",
            after=f"{self.origin_after:g}",
        )

    def _get_detail_sentences(self, facts):
        """Return what else is known, from the facts of the explanation.

        :param dict facts: see the stages of ``oms.flow.run``
        :rtype: list[str]
        """
        sentences = []
        if facts.get("age_days"):
            sentences.append(
                self.env._("It has lain there for %s days.", f"{facts['age_days']:.0f}")
            )
        if facts.get("spread"):
            sentences.append(
                self.env._("The shipment is shared by %s proposals on this lane.", facts["spread"])
            )
        limits = {
            "need": self.env._("More does not go: the rest is needed where it is."),
            "shelf": self.env._("More does not go: the shelf there is full then."),
            "capacity": self.env._("More does not go: the truck is full."),
            "cover": self.env._(
                "More does not go now: it lasts for the days looked ahead, and the rest can follow."
            ),
        }
        if facts.get("limit") in limits:
            sentences.append(limits[facts["limit"]])
        if facts.get("unit_price"):
            sentences.append(
                self.env._(
                    "%(supplier)s asks %(price)s for a unit and delivers in %(days)s days.",
                    supplier=self.supplier_id.name,
                    price=self.currency_id.format(facts["unit_price"]),
                    days=f"{facts.get('lead_days', 0):g}",
                )
            )
        if facts.get("chance_short"):
            sentences.append(
                self.env._(
                    "The stock runs out before the goods come with a chance of %s %%.",
                    f"{facts['chance_short'] * 100:.0f}",
                )
            )
        reasons = {
            "backlog": self.env._("Other sites have asked this one for it."),
            "joined": self.env._("It joins an order that is made anyway."),
            "switched": self.env._("Its first supplier has a minimum that is not reached."),
        }
        if facts.get("reason") in reasons:
            sentences.append(reasons[facts["reason"]])
        for name, price, days in facts.get("rivals") or ():
            sentences.append(
                self.env._(
                    "%(supplier)s, with %(price)s and %(days)s days, comes dearer.",
                    supplier=name,
                    price=self.currency_id.format(price),
                    days=f"{days:g}",
                )
            )
        if facts.get("order_point"):
            sentences.append(
                self.env._(
                    "It is ordered below %(point)s, up to %(upto)s.",
                    point=f"{facts['order_point']:g}",
                    upto=f"{facts['order_up_to']:g}",
                )
                if facts.get("order_up_to")
                else self.env._("It is asked for below %s.", f"{facts['order_point']:g}")
            )
        if facts.get("shortage"):
            sentences.append(
                self.env._(
                    "There is less than all want: it goes where it earns most, here %s less than "
                    "wanted.",
                    f"{facts['shortage']:g}",
                )
            )
        sentences += facts.get("texts") or []
        return sentences

    # === CHART === #

    @api.depends(
        "quantity", "origin_before", "site_before", "origin_rate", "site_rate", "arrives_at",
        "leaves_at",
    )  # fmt: skip
    def _compute_chart(self):
        for proposal in self:
            goods = proposal.kind in GOODS_KINDS
            proposal.chart = proposal._get_chart() if goods else False

    def _get_chart(self):
        """Return how the stock at both ends goes down, with and without what is proposed.

        :return: ``days``, dates, and ``series``, each with a name, whether it is with the proposal,
            and a quantity per day
        :rtype: dict
        """
        self.ensure_one()
        today = fields.Date.context_today(self)
        begin = fields.Datetime.now()

        def step(moment):
            days = (moment - begin).total_seconds() / 86400.0 if moment else 0.0
            return max(0, math.ceil(days))

        def path(stock, rate, change=0.0, day=0):
            left, found = stock, []
            for number in range(CHART_DAYS + 1):
                if number == day:
                    left += change
                found.append(round(left, 3))
                left = max(left - rate, 0.0) if left > 0 else left
            return found

        ends = [(self.site_id, self.site_before, self.site_rate, 1, step(self.arrives_at))]
        if self.kind in MOVING_KINDS:
            ends.append(
                (self.origin_id, self.origin_before, self.origin_rate, -1, step(self.leaves_at))
            )
        return {
            "days": [
                fields.Date.to_string(today + timedelta(days=number))
                for number in range(CHART_DAYS + 1)
            ],
            "unit": self.uom_id.name,
            "series": [
                {
                    "name": site.name,
                    "after": after,
                    "origin": sign < 0,
                    "values": path(before, rate, sign * self.quantity if after else 0.0, day),
                }
                for site, before, rate, sign, day in ends
                for after in (False, True)
            ],
        }
