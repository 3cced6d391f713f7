from collections import defaultdict

from odoo import fields, models
from odoo.tools import SQL

from .tabular import TableError
from .work import Issue, Outcome

#: Quants that the last step empties between two commits.
ZERO_CHUNK = 500


class OmsImportStock(models.AbstractModel):
    """Files of stock: what each site has of each product.

    The quantity is that of the whole site; what differs is corrected in the stock location of
    its warehouse, by inventory adjustments as a person would make them.
    """

    _name = "oms.import.stock"
    _inherit = ["oms.import.handler"]
    _description = "Import of Stock"

    _chunk_size = 500
    _seconds_per_row = 0.01
    _reference_columns = ("site", "product_id")

    def _prepare(self, job, reading):
        if "month" not in reading.match.positions or job.month:
            return
        months = {reading.cell("month", raw.cells) for raw in reading.table.rows()} - {""}
        if len(months) > 1:
            raise TableError(
                self.env._(
                    "The file has the stock of %(count)s months, %(first)s to %(last)s: choose "
                    "the month to import.",
                    count=len(months),
                    first=min(months),
                    last=max(months),
                )
            )

    def _iter_rows(self, job, reading):
        rows = super()._iter_rows(job, reading)
        if not job.month:
            return rows
        # A row that does not fit the header is reported, whatever its month is.
        return (
            raw
            for raw in rows
            if raw.problem or reading.cell("month", raw.cells)[:7] in ("", job.month)
        )

    def _get_key(self, row):
        return (row.site, row.product_id)

    # === ROWS === #

    def _process_records(self, job, reading, records, dry):
        outcome = Outcome()
        sites = self._find_sites(job, {record.row.site for record in records})
        codes = {record.row.product_id for record in records}
        products, ambiguous = self._find_products(job, codes)
        missing = codes - products.keys() if job.create_products else set()
        if missing and not dry:
            products.update(self._create_products(missing))
        targets = {}
        for record in records:
            row = record.row
            fault = self._get_site_fault(row.site, sites) or self._get_quantity_fault(row.quantity)
            if not fault and row.product_id not in missing:
                fault = self._get_product_fault(row.product_id, products, ambiguous)
            product = products.get(row.product_id)
            if not fault and product:
                fault = self._get_tracking_fault(product)
            if fault:
                outcome.issues.append(self._issue(record, fault))
            elif product:
                targets[sites[row.site], product] = record
            else:
                outcome.created += 1
        return outcome.add(self._set_quantities(job, targets, dry))

    def _issue(self, record, fault):
        return Issue(record, f"{record.row.site} / {record.row.product_id}", fault)

    def _find_sites(self, job, codes):
        sites = self.env["oms.site"].search(
            [("code", "in", list(codes)), ("company_id", "=", job.company_id.id)]
        )
        return {site.code: site for site in sites}

    def _get_site_fault(self, code, sites):
        if code not in sites:
            return self.env._("There is no site “%s”.", code)
        if not sites[code].warehouse_id:
            return self.env._("The site %s is a supplier's: it has no stock of its own.", code)
        return ""

    def _get_tracking_fault(self, product):
        if not product.is_storable:
            return self.env._("Odoo keeps no stock of “%s”.", product.display_name)
        if product.tracking != "none":
            return self.env._(
                "“%s” is kept by lots or serial numbers: count it in Inventory.",
                product.display_name,
            )
        return ""

    # === QUANTITIES === #

    def _set_quantities(self, job, targets, dry):
        """Bring the stock of sites to what the file says.

        :param dict targets: record by (site, product)
        :rtype: Outcome
        """
        outcome = Outcome()
        if not targets:
            return outcome
        sites = self.env["oms.site"].union(*(site for site, _product in targets))
        products = self.env["product.product"].union(*(product for _site, product in targets))
        facts = self._get_facts(job, sites, products)
        changes = []
        for (site, product), record in targets.items():
            on_hand, loose, demand = facts[site.id, product.id]
            wanted = record.row.quantity
            if job.stock_meaning == "available":
                wanted += demand
            change = product.uom_id.round(wanted - on_hand)
            if product.uom_id.is_zero(change):
                outcome.unchanged += 1
            elif change < 0 and product.uom_id.compare(loose + change, 0.0) < 0:
                outcome.issues.append(
                    self._issue(record, self._get_elsewhere_fault(site, loose, on_hand))
                )
            else:
                outcome.created += not on_hand
                outcome.updated += bool(on_hand)
                changes.append((site, product, change))
        if not dry:
            self._apply(job, changes)
        return outcome

    def _get_elsewhere_fault(self, site, loose, on_hand):
        return self.env._(
            "%(elsewhere)s of %(on_hand)s stand outside of %(location)s or in packages: correct "
            "those in Inventory.",
            elsewhere=f"{on_hand - loose:g}",
            on_hand=f"{on_hand:g}",
            location=site.warehouse_id.lot_stock_id.display_name,
        )

    def _get_facts(self, job, sites, products):
        """Read what the sites have of the products, and what has been promised of it.

        :return: on hand in the whole site, the part that stands loose in its stock location, and
            the open demand with claims, by (site id, product id)
        :rtype: dict[tuple[int, int], tuple[float, float, float]]
        """
        facts = defaultdict(lambda: (0.0, 0.0, 0.0))
        for position in self.env["oms.position"]._get_positions(sites.ids, products.ids):
            promised = position.demand + position.claimed
            facts[position.site_id, position.product_id] = (position.on_hand, 0.0, promised)
        for site_id, product_id, loose in self.env.execute_query(
            self._get_loose_sql(sites, products)
        ):
            on_hand, _loose, demand = facts[site_id, product_id]
            facts[site_id, product_id] = (on_hand, loose, demand)
        return facts

    def _get_loose_sql(self, sites, products):
        """Own stock in the stock location itself, without lot and package."""
        return SQL(
            """
            SELECT site.id AS site_id, quant.product_id, SUM(quant.quantity) AS quantity
              FROM oms_site site
              JOIN stock_warehouse warehouse ON warehouse.id = site.warehouse_id
              JOIN stock_quant quant ON quant.location_id = warehouse.lot_stock_id
             WHERE site.id = ANY(%s) AND quant.product_id = ANY(%s)
               AND quant.lot_id IS NULL AND quant.package_id IS NULL AND quant.owner_id IS NULL
          GROUP BY site.id, quant.product_id
            """,
            list(sites.ids),
            list(products.ids),
        )

    def _apply(self, job, changes):
        """Make and validate one inventory adjustment per change.

        :param list changes: (site, product, quantity to add) triples
        """
        if not changes:
            return
        company = job.company_id
        Quant = self.env["stock.quant"].with_context(inventory_name=job._get_inventory_name())
        vals_list = []
        for site, product, quantity in changes:
            stock = site.warehouse_id.lot_stock_id
            loss = product.with_company(company).property_stock_inventory
            quant = Quant.new(
                {"product_id": product.id, "location_id": stock.id, "company_id": company.id}
            )
            source, target = (loss, stock) if quantity > 0 else (stock, loss)
            vals_list.append(quant._get_inventory_move_values(abs(quantity), source, target))
        moves = self.env["stock.move"].create(vals_list)
        moves._action_done()
        moves._trigger_assign()
        stocks = self.env["stock.location"].union(
            *(site.warehouse_id.lot_stock_id for site, _product, _quantity in changes)
        )
        # sudo: as Odoo does when a count is applied
        stocks.sudo().last_inventory_date = fields.Date.context_today(self)

    # === WHAT IS NOT IN THE FILE === #

    def _finish(self, job, reading, dry, checkpoint):
        """Empty what the file does not name, where the job asks for it.

        The chunks need no position: what is empty already is not found again.
        """
        if not job.zero_missing:
            return True
        named = defaultdict(set)
        for raw in self._iter_rows(job, reading):
            site, code = (reading.cell(name, raw.cells) for name in ("site", "product_id"))
            named[site].add(code)
        if job.channel_id:
            sites = job.channel_id._get_sourcing_sites()
        else:
            sites = self._find_sites(job, named)
            sites = self.env["oms.site"].union(*sites.values())
        pairs = self._get_unnamed(sites, named)
        for start in range(0, len(pairs), ZERO_CHUNK):
            changes = self._get_removals(job, pairs[start : start + ZERO_CHUNK])
            # sudo: counters are a trace that users cannot write themselves
            job.sudo().zeroed_count += len(changes)
            if changes and not dry:
                self._apply(job, changes)
                if not checkpoint(len(changes)):
                    return False
        return True

    def _get_unnamed(self, sites, named):
        """Return the stock that the file does not name.

        :param dict named: product codes of the file by site code
        :return: (site, product) pairs
        :rtype: list[tuple]
        """
        by_location = {site.warehouse_id.lot_stock_id: site for site in sites}
        locations = self.env["stock.location"].union(*by_location)
        return [
            (by_location[location], product)
            for location, product in self.env["stock.quant"]._read_group(
                [
                    ("location_id", "in", locations.ids),
                    ("quantity", "!=", 0),
                    ("product_id.tracking", "=", "none"),
                ],
                ["location_id", "product_id"],
            )
            if not {product.default_code, product.barcode} & named[by_location[location].code]
        ]

    def _get_removals(self, job, pairs):
        """Return the changes that empty some stock, but for what is promised of it.

        :param list pairs: (site, product) pairs
        :return: (site, product, quantity to add) triples
        :rtype: list[tuple]
        """
        sites = self.env["oms.site"].union(*(site for site, _product in pairs))
        products = self.env["product.product"].union(*(product for _site, product in pairs))
        facts = self._get_facts(job, sites, products)
        changes = []
        for site, product in pairs:
            on_hand, loose, demand = facts[site.id, product.id]
            wanted = demand if job.stock_meaning == "available" else 0.0
            change = product.uom_id.round(max(wanted - on_hand, -loose))
            if not product.uom_id.is_zero(change):
                changes.append((site, product, change))
        return changes
