from odoo import fields, models

from ...engine.allocation import PERCENT, pace, shares


class OmsFlowRun(models.Model):
    """Channel shares that do not last are raised from those that last longer than they must."""

    _inherit = "oms.flow.run"

    def _stage_share(self):
        """Propose to move parts of channel shares of products."""
        plan = self.plan_id
        if "share" not in plan._get_kinds():
            return
        found = self._find_shares()
        if not found:
            return
        book = self.env["oms.allocation"]._open_book(found.product_id, plan.company_id)
        rows, lines = [], {}
        for same in found.grouped(self._get_share_subject).values():
            standings = {
                share: standing
                for share in same
                for standing in [book.get_standing(share, share.product_id.id)]
                if standing and standing.sets_aside
            }
            if len(standings) < 2:
                continue
            product = same.product_id
            step = book.get_settlement(plan.company_id.id, product.id).allocation.rounding
            paces = {share: self._get_pace(share, each) for share, each in standings.items()}
            for shift in pace.follow(list(paces.values()), plan.share_step / 100.0, step):
                row = self._prepare_shift(shift, paces)
                rows.append(row)
                lines[row["subject"]] = self._prepare_shift_lines(shift, standings)
        new = self._propose(sorted(rows, key=lambda row: -row["gain"]))
        self.env["oms.proposal.line"].create(
            [
                {**line, "proposal_id": proposal.id}
                for proposal in new
                for line in lines[proposal.subject]
            ]
        )

    def _find_shares(self):
        """Return the shares of single products that are in effect at the plan's sites.

        :rtype: oms.allocation
        """
        now, plan = fields.Datetime.now(), self.plan_id
        return self.env["oms.allocation"].search(
            [
                ("company_id", "=", plan.company_id.id),
                ("product_id", "!=", False),
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

    def _get_share_subject(self, share):
        """Return what shares have in common between which something can be moved."""
        return share.product_id, share.site_id, share.network_id, share._get_above()

    def _get_pace(self, share, standing):
        """Return how the holder of a share sells, in the words of the engine."""
        now = fields.Datetime.now()
        past = max((now - share.since).total_seconds() / 86400.0, 1.0)
        days = float(self.plan_id.horizon_days)
        if share.until:
            days = min(days, max((share.until - now).total_seconds() / 86400.0, 0.0))
        return pace.Pace(
            share, standing.entitlement, standing.left, max(standing.sold, 0.0) / past, days
        )

    def _prepare_shift(self, shift, paces):
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
                    }
                }
            },
        }

    def _prepare_shift_lines(self, shift, standings):
        """Return the values of the lines of such a proposal: the one that gives, and the other."""
        return [
            {
                "sequence": place,
                "name": share.display_name,
                "verb": verb,
                "before": share.amount,
                "after": round(
                    share.amount + sign * self._to_amount(share, standings, shift.quantity), 6
                ),
                "allocation_id": share.id,
            }
            for place, (share, verb, sign) in enumerate(
                [(shift.source, "lower", -1), (shift.target, "raise", 1)]
            )
        ]

    def _to_amount(self, share, standings, quantity):
        """Return by how much the amount of a share changes that is to change by some units."""
        base = standings[share].base
        return 100.0 * quantity / base if share.kind == PERCENT and base else quantity
