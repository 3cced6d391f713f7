from odoo import fields, models
from odoo.tools import SQL

from . import audit_sql, position_sql
from .audit_finding import Finding


class OmsAudit(models.Model):
    """What a run looks for among some products; nothing here changes anything."""

    _inherit = "oms.audit"

    def _check_slice(self, part):
        """Look for everything that can be wrong with some products.

        :param part: the slice
        :return: what was found
        :rtype: list[Finding]
        """
        condition = part.condition
        wrong = self._check_positions(condition)
        ended = self._check_ended_claims(condition)
        return [
            *wrong,
            *self._check_oversold(condition, {finding.position for finding in wrong}),
            *ended,
            *self._check_excess(condition, {finding.values["order"] for finding in ended}),
            *self._check_consumed(condition),
            *self._check_places(condition),
        ]

    def _get_moment(self):
        return SQL("%s::timestamp", fields.Datetime.now())

    def _check_positions(self, condition):
        """Compare what is kept with what quants, moves and claims say."""
        findings = []
        measures = position_sql.MEASURES
        for row in self.env.execute_query(audit_sql.wrong_positions(condition)):
            product_id, site_id, *amounts = row
            added, kept = amounts[: len(measures)], amounts[len(measures) :]
            findings += [
                Finding("position", product_id, site_id, measure, was, was + more)
                for measure, more, was in zip(measures, added, kept, strict=True)
                if abs(more) > 1e-6
            ]
        return findings

    def _check_oversold(self, condition, wrong):
        """Look for positions of which more is promised than there is.

        :param set wrong: positions that are not kept true, whose figures mislead
        """
        query = audit_sql.oversold(condition, self._get_moment())
        findings = []
        for product_id, site_id, promised, present in self.env.execute_query(query):
            finding = Finding("oversold", product_id, site_id, "available", promised, present)
            if finding.position in wrong:
                finding.explain("kept_wrong")
            findings.append(finding)
        return findings

    def _check_ended_claims(self, condition):
        """Look for active claims whose order or fulfillment is over."""
        findings = []
        for row in self.env.execute_query(audit_sql.ended_claims(condition)):
            claim_id, product_id, site_id, quantity, order_id, cause = row
            finding = Finding(
                "claim_ended", product_id, site_id, "claimed", quantity, 0.0, str(claim_id)
            )
            documents = [("oms.claim", claim_id)]
            if order_id:
                documents.append(("sale.order", order_id))
            finding.explain(cause, documents, order=order_id or 0)
            findings.append(finding)
        return findings

    def _check_excess(self, condition, orders):
        """Look for order lines of which more is claimed, on its way and shipped than ordered.

        :param set orders: ids of orders with claims that should have ended, which explain it
        """
        rows = self.env.execute_query(audit_sql.excess_candidates(condition))
        lines = self.env["sale.order.line"].browse(line_id for [line_id] in rows)
        findings = []
        for line in lines:
            excess = -line._oms_get_qty_open()
            if line.product_id.uom_id.compare(excess, 0.0) <= 0 or line.order_id.id in orders:
                continue
            ordered = line.product_uom_id._compute_quantity(
                line.product_uom_qty, line.product_id.uom_id, rounding_method="HALF-UP"
            )
            claims = line.oms_claim_ids.filtered(lambda claim: claim.state == "active")
            moves = line.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))
            taker = (claims or moves).sorted("id", reverse=True)[:1]
            site = claims[:1].site_id or moves.oms_fulfillment_line_id[:1].site_id
            finding = Finding(
                "order_excess",
                line.product_id.id,
                site.id,
                "promised",
                ordered + excess,
                ordered,
                str(line.id),
            )
            finding.explain(
                "claimed_twice" if claims else "transfer_raised",
                [(taker._name, taker.id), ("sale.order", line.order_id.id)],
            )
            findings.append(finding)
        return findings

    def _check_consumed(self, condition):
        """Look for claims that were taken over by the same moves."""
        findings = []
        for row in self.env.execute_query(audit_sql.consumed_twice(condition)):
            part_id, product_id, site_id, order_id, consumed, moved, claim_ids = row
            finding = Finding(
                "consumed", product_id, site_id, "promised", consumed, moved, str(part_id)
            )
            documents = [("oms.claim", claim_id) for claim_id in claim_ids[:3]]
            finding.explain("consumed_twice", [*documents, ("sale.order", order_id)])
            findings.append(finding)
        return findings

    def _check_places(self, condition):
        """Look for reservations that no transfer has, for double ones and for negative stock."""
        width = len(audit_sql.PLACE)
        findings = []
        explained = set()
        for row in self.env.execute_query(audit_sql.reservations(condition)):
            place, (site_id, kept, recorded) = row[:width], row[width:]
            findings.append(
                self._prepare_place_finding("reservation", place, site_id, kept, recorded)
            )
            explained.add(place)
        for row in self.env.execute_query(audit_sql.broken_stock(condition)):
            place, (site_id, on_hand, reserved, quant_ids) = row[:width], row[width:]
            if on_hand < -1e-6:
                finding = self._prepare_place_finding("negative", place, site_id, on_hand, 0.0)
            elif place in explained:
                continue
            else:
                finding = self._prepare_place_finding(
                    "over_reserved", place, site_id, reserved, on_hand
                )
            finding.documents = [("stock.quant", quant_id) for quant_id in quant_ids[:3]]
            findings.append(finding)
        return findings

    def _prepare_place_finding(self, kind, place, site_id, kept, recorded):
        """Return a finding about goods at one place.

        :param tuple place: ids, as named by :data:`.audit_sql.PLACE`
        """
        product_id, location_id, *_rest = place
        finding = Finding(
            kind,
            product_id,
            site_id,
            "on_hand" if kind == "negative" else "reserved",
            kept,
            recorded,
            "-".join(str(part or 0) for part in place[1:]),
        )
        finding.values["location"] = location_id
        return finding
