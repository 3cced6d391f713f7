from datetime import timedelta

import numpy as np

from odoo import fields, models
from odoo.tools import SQL

from ...engine.allocation import PERCENT, common_shares
from ...engine.allocation.tempo import tempo
from .share_sales import DAYS, ShareSales, find_cap

#: Goods that are looked at: those that sell best.
MOST_GOODS = 2000

# Goods that channels sold lately, the best sold first.
_SOLD = """
    SELECT position.product_id
      FROM (
            SELECT claim.product_id, claim.quantity
              FROM oms_claim claim
              JOIN oms_channel channel ON channel.id = claim.channel_id
             WHERE claim.state = 'active' AND channel.company_id = %(company)s
             UNION ALL
            SELECT move.product_id, move.product_qty
              FROM stock_move move
             WHERE move.oms_channel_id IS NOT NULL AND move.company_id = %(company)s
               AND move.oms_ordered_at >= %(since)s AND move.state NOT IN ('draft', 'cancel')
           ) position
     WHERE %(goods)s
  GROUP BY position.product_id
  ORDER BY SUM(position.quantity) DESC, position.product_id
"""


class OmsFlowRun(models.Model):
    """Shares of a category or of all goods follow the pace of all that is sold of them."""

    _inherit = "oms.flow.run"

    def _follow_common_shares(self, found, moving):
        """Return proposals to move parts of shares of many goods, with their lines.

        Percentages are moved to percentages, and units of each product to units.

        :param found: ``oms.allocation``
        :param moving: see :meth:`_find_share_changes`
        :return: (values, values of the lines) tuples
        :rtype: list[tuple]
        """
        groups = [
            same
            for same in found.grouped(
                lambda share: (self._get_share_subject(share), share.kind == PERCENT)
            ).values()
            if len(same) > 1
        ]
        if not groups:
            return []
        products = self._find_share_goods()
        book = self.env["oms.allocation"]._open_book(products, self.company_id)
        sales = ShareSales(self.env, products, fields.Datetime.now())
        margins = {
            product.id: max(product.lst_price - product.standard_price, 0.0)
            for product in products.with_company(self.company_id)
        }
        proposed = []
        for same in groups:
            holdings, tempos, product_ids = self._get_holdings(same, book, sales, moving)
            if len(holdings) < 2:
                continue
            value = np.array([margins[product_id] for product_id in product_ids])
            if not value.any():
                # Without prices all goods are worth the same.
                value = np.ones(value.size)
            step = 1.0 if same[0].kind == PERCENT else max(self._get_steps(book, product_ids))
            moves = common_shares.move(list(holdings.values()), value, self._get_share_step(), step)
            for move in moves:
                amounts = {move.source: move.amount, move.target: move.amount}
                lines = self._prepare_share_lines(move.source, move.target, amounts)
                proposed.append((self._prepare_common_shift(move, holdings, tempos), lines))
        return proposed

    def _find_share_goods(self):
        """Return the goods of the plan that channels sold lately, the best sold ones.

        :rtype: product.product
        """
        self.env["oms.claim"].flush_model()
        self.env["stock.move"].flush_model()
        rows = self.env.execute_query(
            SQL(
                _SOLD,
                company=self.company_id.id,
                since=fields.Datetime.now() - timedelta(days=DAYS),
                goods=self._get_goods_sql(),
            )
        )
        if len(rows) > MOST_GOODS:
            self._note(
                "share",
                self.env._(
                    "Shares of categories and of all goods are judged by the %s products that sell "
                    "best.",
                    MOST_GOODS,
                ),
                severity="1_info",
                count=len(rows) - MOST_GOODS,
            )
        return self.env["product.product"].browse(row[0] for row in rows[:MOST_GOODS])

    def _get_steps(self, book, product_ids):
        return [
            book.get_settlement(self.company_id.id, product_id).allocation.rounding
            for product_id in product_ids
        ]

    def _get_holdings(self, same, book, sales, moving):
        """Return what holders have and need of the goods for which their shares are in effect.

        :param same: shares between which something can be moved
        :return: ``Holding`` and ``Tempo`` by share, and the ids of the products in their order
        :rtype: tuple[dict, dict, list[int]]
        """
        company_id = self.company_id.id
        product_ids = [
            product_id for product_id in sales.product_ids if book.governs(company_id, product_id)
        ]
        standings = {
            share: [book.get_standing(share, product_id) for product_id in product_ids]
            for share in same
        }
        holdings, tempos = {}, {}
        for share, found in standings.items():
            known = [each is not None and each.sets_aside for each in found]
            if not any(known):
                continue
            holdings[share], tempos[share] = self._get_holding(
                share, found, known, product_ids, book, sales, moving[share]
            )
        return holdings, tempos, product_ids

    def _get_holding(self, share, standings, known, product_ids, book, sales, change):
        """Return the ``Holding`` of a share and the ``Tempo`` of its holder."""
        company_id = self.company_id.id
        settlements = [book.get_settlement(company_id, product_id) for product_id in product_ids]
        daily = [
            sales.get_daily(settlement.allocation, standing, product_id) if there else None
            for settlement, standing, product_id, there in zip(
                settlements, standings, product_ids, known, strict=True
            )
        ]
        # All goods together tell how the pace changes; each of them is too thin for it.
        total = sum(each for each in daily if each is not None)
        begin = sales.get_begin(total, share)
        days = self._get_share_days(share)
        whole = tempo(total[begin:], days)
        left, need, unit = (np.zeros(len(product_ids)) for _number in range(3))
        for place, there in enumerate(known):
            if not there:
                continue
            standing = standings[place]
            watched = sales.get_days(daily[place], begin, standing)
            unit[place] = (standing.base or 0.0) / 100.0 if share.kind == PERCENT else 1.0
            left[place] = max(standing.left + change * unit[place], 0.0)
            need[place] = min(
                float(watched.mean()) * whole.change * days,
                find_cap(settlements[place], standing),
            )
        holding = common_shares.Holding(
            share, max(share.amount + change, 0.0), share.amount_kept, left, need, unit
        )
        return holding, whole

    def _prepare_common_shift(self, move, holdings, tempos):
        """Return the values of a proposal to move a part of a share of many goods."""
        source, target = move.source, move.target
        giver, taker = holdings[source], holdings[target]
        return {
            "kind": "share",
            "site_id": target.site_id.id or None,
            "subject": f"{source.id}>{target.id}",
            "quantity_proposed": move.spared,
            "gain": move.gain,
            "unit_gain": move.gain / move.spared if move.spared else 0.0,
            "site_before": taker.left.sum(),
            "site_after": (taker.left + move.amount * taker.unit).sum(),
            "site_rate": tempos[target].ahead,
            "origin_before": giver.left.sum(),
            "origin_after": np.maximum(giver.left - move.amount * giver.unit, 0.0).sum(),
            "origin_rate": tempos[source].ahead,
            "explanation": {
                "facts": {
                    "common_share": {
                        "source": source._get_holder().display_name,
                        "target": target._get_holder().display_name,
                        "goods": (target.categ_id.display_name or ""),
                        "amount": move.amount,
                        "percent": target.kind == PERCENT,
                        "days": self._get_share_days(target),
                        "short": int(np.count_nonzero(taker.missed(0.0) > 0)),
                        "looked": int(np.count_nonzero(taker.unit > 0)),
                        "spared": move.spared,
                        "lost": move.lost,
                        "usual": tempos[target].mean,
                    }
                }
            },
        }
