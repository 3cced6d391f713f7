from collections import defaultdict

from odoo import fields, models

from ...engine.allocation import PERCENT, pace, shares
from ...engine.allocation.tempo import tempo
from .share_sales import ShareSales, find_cap


class OmsFlowRun(models.Model):
    """Channel shares that do not last are raised from those that last longer than they must."""

    _inherit = "oms.flow.run"

    def _stage_share(self):
        """Propose to move parts of channel shares: of products, of categories, of all goods."""
        if "share" not in self.plan_id._get_kinds():
            return
        found = self._find_shares()
        if not found:
            return
        moving = self._find_share_changes(found)
        proposed = self._follow_shares(found.filtered("product_id"), moving)
        proposed += self._follow_common_shares(found.filtered(lambda s: not s.product_id), moving)
        proposed.sort(key=lambda each: -each[0]["gain"])
        lines = {row["subject"]: found_lines for row, found_lines in proposed}
        new = self._propose([row for row, _lines in proposed])
        self._add_lines(
            [
                {**line, "proposal_id": proposal.id}
                for proposal in new
                for line in lines[proposal.subject]
            ]
        )

    def _find_shares(self):
        """Return the shares that are in effect at the plan's sites.

        :rtype: oms.allocation
        """
        now, plan = fields.Datetime.now(), self.plan_id
        return self.env["oms.allocation"].search(
            [
                ("company_id", "=", plan.company_id.id),
                ("kind", "in", list(shares.SETTING_ASIDE)),
                ("since", "<=", now),
                "|",
                ("until", "=", False),
                ("until", ">", now),
                "|",
                ("network_id", "in", (plan.network_id.id, False)),
                ("site_id", "in", plan._get_sites().ids),
            ]
        )

    def _find_share_changes(self, found):
        """Return by how much open proposals change shares: they count as if they were done.

        :param found: ``oms.allocation``
        :return: amounts by share
        :rtype: dict
        """
        changes = defaultdict(float)
        for line in self.env["oms.proposal.line"].search(
            [
                ("allocation_id", "in", found.ids),
                ("proposal_id.kind", "=", "share"),
                ("proposal_id.state", "=", "proposed"),
            ]
        ):
            changes[line.allocation_id] += line.after - line.before
        return changes

    def _get_share_subject(self, share):
        """Return what shares have in common between which something can be moved."""
        return share.product_id, share.categ_id, share.site_id, share.network_id, share._get_above()

    def _get_share_days(self, share):
        """Return for how many days what is left of a share has to last.

        :rtype: float
        """
        days = float(self.plan_id.horizon_days)
        if share.until:
            left = (share.until - fields.Datetime.now()).total_seconds() / 86400.0
            days = min(days, max(left, 0.0))
        return days

    def _get_share_step(self):
        """Return the largest part of a share that is moved at once, from 0 to 1."""
        return self.plan_id.share_step / 100.0

    # === SHARES OF A PRODUCT === #

    def _follow_shares(self, found, moving):
        """Return proposals to move parts of shares of single products, with their lines.

        :param found: ``oms.allocation``
        :param moving: see :meth:`_find_share_changes`
        :return: (values, values of the lines) tuples
        :rtype: list[tuple]
        """
        company, products = self.company_id, found.product_id
        book = self.env["oms.allocation"]._open_book(products, company)
        sales = ShareSales(self.env, products, fields.Datetime.now())
        proposed = []
        for same in found.grouped(self._get_share_subject).values():
            product = same.product_id
            standings = {
                share: standing
                for share in same
                for standing in [book.get_standing(share, product.id)]
                if standing and standing.sets_aside
            }
            if len(standings) < 2:
                continue
            settlement = book.get_settlement(company.id, product.id)
            tempos = {
                share: self._get_tempo(sales, settlement, share, standing)
                for share, standing in standings.items()
            }
            paces = {
                share: self._get_pace(share, standing, settlement, tempos[share], moving)
                for share, standing in standings.items()
            }
            step = settlement.allocation.rounding
            for shift in pace.follow(list(paces.values()), self._get_share_step(), step):
                row = self._prepare_shift(shift, paces, tempos)
                proposed.append((row, self._prepare_shift_lines(shift, standings)))
        return proposed

    def _get_tempo(self, sales, settlement, share, standing):
        """Return how fast the holder of a share sells its product."""
        daily = sales.get_daily(settlement.allocation, standing, share.product_id.id)
        days = sales.get_days(daily, sales.get_begin(daily, share), standing)
        return tempo(days, self._get_share_days(share))

    def _get_pace(self, share, standing, settlement, found, moving):
        """Return how the holder of a share sells, in the words of the engine."""
        unit = 1.0 / self._to_amount(share, standing, 1.0)
        spare = max(share.amount + moving[share] - share.amount_kept, 0.0) * unit
        return pace.Pace(
            share,
            standing.entitlement,
            max(standing.left + moving[share] * unit, 0.0),
            found.ahead,
            self._get_share_days(share),
            spare,
            find_cap(settlement, standing),
        )

    def _prepare_shift(self, shift, paces, tempos):
        """Return the values of a proposal to move a part of a share."""
        source, target = shift.source, shift.target
        product = target.product_id.with_company(self.company_id)
        margin = max(product.lst_price - product.standard_price, 0.0)
        return {
            "kind": "share",
            "product_id": product.id,
            "site_id": target.site_id.id or None,
            "subject": f"{source.id}>{target.id}",
            "quantity_proposed": shift.quantity,
            "gain": margin * shift.quantity,
            "unit_gain": margin,
            "site_before": paces[target].left,
            "site_after": paces[target].left + shift.quantity,
            "site_rate": paces[target].rate,
            "origin_before": paces[source].left,
            "origin_after": paces[source].left - shift.quantity,
            "origin_rate": paces[source].rate,
            "explanation": {
                "facts": {
                    "share": {
                        "source": source._get_holder().display_name,
                        "target": target._get_holder().display_name,
                        "days": paces[target].days,
                        "usual": tempos[target].mean,
                        "kept": source.amount_kept and source.display_name,
                    }
                }
            },
        }

    def _prepare_shift_lines(self, shift, standings):
        """Return the values of the lines of such a proposal: the one that gives, and the other."""
        return self._prepare_share_lines(
            shift.source,
            shift.target,
            {
                share: self._to_amount(share, standings[share], shift.quantity)
                for share in (shift.source, shift.target)
            },
        )

    def _prepare_share_lines(self, source, target, amounts):
        """Return the values of lines by which one share is lowered and another one raised.

        :param dict amounts: by how much, by share
        """
        return [
            {
                "sequence": place,
                "name": share.display_name,
                "verb": verb,
                "before": share.amount,
                "after": round(share.amount + sign * amounts[share], 6),
                "share_amount": share.amount,
                "allocation_id": share.id,
            }
            for place, (share, verb, sign) in enumerate(
                [(source, "lower", -1), (target, "raise", 1)]
            )
        ]

    def _to_amount(self, share, standing, quantity):
        """Return by how much the amount of a share changes that is to change by some units."""
        if share.kind == PERCENT and standing.base:
            return 100.0 * quantity / standing.base
        return quantity
