from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models

from . import audit_evidence_sql
from .audit_finding import Finding

#: The table whose trigger keeps each measure of a position.
MEASURE_TABLES = {
    "on_hand": "stock_quant",
    "reserved": "stock_quant",
    "demand": "stock_move",
    "incoming": "stock_move",
    "claimed": "oms_claim",
}
#: How far back goods that went away are looked for where nothing takes any.
NO_TAKER = timedelta(days=1)


class OmsAudit(models.Model):
    """How what was found came to be; what cannot be found out is said to be unknown."""

    _inherit = "oms.audit"

    def _find_causes(self, findings):
        """Find out how new findings came to be, all of a kind together.

        :param list[Finding] findings: their causes are set, where they can be found
        """
        by_kind = defaultdict(list)
        for finding in findings:
            if finding.cause == "unknown":
                by_kind[finding.kind].append(finding)
        self._explain_positions(by_kind["position"])
        self._explain_oversold(by_kind["oversold"])
        self._explain_places(
            by_kind["over_reserved"] + by_kind["negative"] + by_kind["reservation"]
        )

    # === POSITIONS THAT ARE NOT KEPT TRUE === #

    def _explain_positions(self, findings):
        if not findings:
            return
        broken = self._get_broken_tables()
        was_off = {
            table: self._get_trigger_finding(table) for table in set(MEASURE_TABLES.values())
        }
        products, sites = self._get_existing(findings)
        rest = []
        for finding in findings:
            table = MEASURE_TABLES[finding.measure]
            if finding.product_id not in products or finding.site_id not in sites:
                finding.explain("deleted", product=finding.product_id, site=finding.site_id)
            elif table in broken:
                finding.explain("trigger_off", trigger=broken[table], table=table)
            elif "stock_location" in broken and finding.measure != "claimed":
                finding.explain(
                    "trigger_off", trigger=broken["stock_location"], table="stock_location"
                )
            elif was_off[table]:
                document = (was_off[table]._name, was_off[table].id)
                finding.explain("trigger_was_off", [document], table=table)
            else:
                rest.append(finding)
        self._explain_by_transactions(rest)

    @api.model
    def _get_existing(self, findings):
        """Return the products and sites of findings that were not deleted.

        :rtype: tuple[set[int], set[int]]
        """
        products = self.env["product.product"].browse({f.product_id for f in findings}).exists()
        sites = self.env["oms.site"].browse({f.site_id for f in findings}).exists()
        return set(products.ids), set(sites.ids)

    def _get_broken_tables(self):
        """Return the tables whose changes are not followed now: by name, the trigger at fault."""
        changed = {finding.values["function"] for finding in self._check_functions()}
        broken = {}
        for _statement, triggers, functions in self._get_machinery():
            for name, table in triggers.items():
                if name in functions and name in changed:
                    broken.setdefault(table, name)
        for name, (table, _cause) in self._get_broken_triggers().items():
            broken.setdefault(table, name)
        return broken

    def _get_trigger_finding(self, table):
        """Return the finding about a table's trigger that was settled since the last run."""
        previous = self._get_previous()
        return self.env["oms.audit.line"].search(
            [
                ("kind", "=", "trigger"),
                ("key", "=like", f"%/oms_position_{table}%"),
                ("state", "!=", "open"),
                ("last_seen", ">=", previous.started or self.started),
            ],
            limit=1,
        )

    def _get_previous(self):
        """Return the last run before that proved what this one looks at."""
        domain = [("id", "<", self.id), ("state", "in", ("clean", "differences", "repaired"))]
        if self.scope == "all":
            return self.search([*domain, ("scope", "=", "all")], limit=1)
        return self.search(domain, limit=20).filtered(
            lambda audit: audit.scope == "all" or self.product_ids <= audit.product_ids
        )[:1]

    def _explain_by_transactions(self, findings):
        """Ask what PostgreSQL wrote of the positions since the last run proved them."""
        previous = self._get_previous()
        last = previous.snapshot
        if not findings or not last:
            for finding in findings:
                finding.explain("unknown", checked="first")
            return
        proof = [(self._name, previous.id)]
        [[database, _low, high, _ledger]] = self.env.execute_query(audit_evidence_sql.snapshot())
        if last["database"] != database or last["high"] > high:
            for finding in findings:
                finding.explain("restored", proof)
            return
        maybe = self._get_written(findings, last["low"])
        surely = self._get_written(findings, last["high"])
        pending = last["pending"]
        for finding in findings:
            documents = [
                (model, record_id)
                for model, ids in maybe[finding.position].items()
                if model != "kept"
                for record_id in ids
            ]
            # What was in the ledger at the last run was folded into its row since.
            folded = pending is None or list(finding.position) in pending
            if "kept" not in maybe[finding.position]:
                cause = "not_followed" if documents else "deleted_unfollowed"
                finding.explain(cause, documents + proof)
            elif not documents and "kept" in surely[finding.position] and not folded:
                finding.explain("edited", proof)
            else:
                finding.explain("unknown", documents + proof, checked="both")

    def _get_written(self, findings, since):
        """Return what was written of positions from a transaction on: ids by model or ``kept``."""
        positions = sorted({finding.position for finding in findings})
        written = defaultdict(dict)
        query = audit_evidence_sql.changes(
            [product_id for product_id, _site_id in positions],
            [site_id for _product_id, site_id in positions],
            since,
        )
        for product_id, site_id, source, ids in self.env.execute_query(query):
            written[product_id, site_id][source] = ids
        return written

    # === MORE PROMISED THAN THERE IS === #

    def _explain_oversold(self, findings):
        """Name what takes the goods, and what took goods away since the first was promised."""
        if not findings:
            return
        by_position = {finding.position: finding for finding in findings}
        positions = sorted(by_position)
        products = [product_id for product_id, _site_id in positions]
        sites = [site_id for _product_id, site_id in positions]
        takers = defaultdict(dict)
        query = audit_evidence_sql.takers(products, sites, self._get_moment())
        for product_id, site_id, kind, quantity, first, ids in self.env.execute_query(query):
            takers[product_id, site_id][kind] = (quantity, first, ids)
        long_ago = fields.Datetime.now() - NO_TAKER
        since = [
            min((first for _quantity, first, _ids in takers[position].values()), default=long_ago)
            for position in positions
        ]
        reasons = defaultdict(list)
        for model, select in (
            ("stock.move", audit_evidence_sql.departures),
            ("stock.quant", audit_evidence_sql.withdrawn),
        ):
            rows = self.env.execute_query(select(products, sites, since))
            for product_id, site_id, cause, quantity, ids in rows:
                reasons[product_id, site_id].append(
                    (quantity, cause, [(model, record_id) for record_id in ids])
                )
        external = self.env["oms.external.stock"].search(
            [("product_id", "in", products), ("site_id", "in", sites)]
        )
        outside = {(stock.product_id.id, stock.site_id.id): stock for stock in external}
        for position, finding in by_position.items():
            self._explain_shortage(
                finding, takers[position], reasons[position], outside.get(position)
            )

    def _explain_shortage(self, finding: Finding, takers, reasons, external):
        """Choose the reason that weighs most, and tell the others besides.

        :param dict takers: quantity, time of the first, and ids, by kind of taker
        :param list reasons: (quantity, cause, documents)
        :param external: ``oms.external.stock`` of the position, None without
        """
        native = takers.get("native")
        if native:
            moves = [("stock.move", move_id) for move_id in native[2]]
            reasons.append((native[0], "native", moves))
        if external and external.stale and external.quantity > 0:
            reasons.append((external.quantity, "external_stale", [(external._name, external.id)]))
        elif external and not reasons:
            shortage = finding.kept - finding.recorded
            reasons.append((shortage, "external_less", [(external._name, external.id)]))
        taking = [
            ("oms.claim" if kind == "claim" else "stock.move", record_id)
            for kind in ("claim", "move")
            for record_id in takers.get(kind, (0, None, ()))[2]
        ]
        finding.values["promised"] = {kind: amount for kind, (amount, *_rest) in takers.items()}
        if not reasons:
            finding.explain("unknown", taking, checked="shortage")
            return
        reasons.sort(key=lambda reason: (-reason[0], reason[1]))
        finding.explain(
            reasons[0][1],
            [document for _quantity, _cause, found in reasons for document in found] + taking,
            quantity=reasons[0][0],
            others=[[cause, quantity] for quantity, cause, _documents in reasons[1:]],
        )

    # === PLACES === #

    def _explain_places(self, findings):
        """Name who holds reservations at places, and what left them last."""
        if not findings:
            return
        keys = sorted({(f.product_id, f.values["location"]) for f in findings})
        query = audit_evidence_sql.holders(
            [product_id for product_id, _location_id in keys],
            [location_id for _product_id, location_id in keys],
        )
        found = {
            (product_id, location_id): (reserving, left)
            for product_id, location_id, reserving, left in self.env.execute_query(query)
        }
        moves = self.env["stock.move"].browse(
            {i for _reserving, left in found.values() for i in left}
        )
        counted = set(moves.filtered("is_inventory").ids)
        for finding in findings:
            reserving, left = found[finding.product_id, finding.values["location"]]
            holders = [("stock.move", move_id) for move_id in dict.fromkeys(reserving)]
            if finding.kind == "negative" and left:
                cause = "counted_down" if left[0] in counted else "shipped_unseen"
                finding.explain(cause, [("stock.move", left[0])])
            elif finding.kind == "over_reserved" and len(holders) > 1:
                finding.explain("reserved_twice", holders)
            elif finding.kind == "over_reserved" and holders:
                finding.explain("reserved_by_hand", holders)
            else:
                finding.explain("unknown", holders, checked="place")
