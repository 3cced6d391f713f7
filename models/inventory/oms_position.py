import logging
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.sql import table_exists

from ..transaction import reading_committed, retrying
from . import external_sql, gate_sql, ledger_sql, position_sql, position_view_sql, safety_sql

_logger = logging.getLogger(__name__)

#: Models whose records positions follow from.
FACT_MODELS = (
    "stock.location",
    "stock.quant",
    "stock.move",
    "oms.claim",
    "oms.site",
    "oms.external.stock",
)
#: Ledger entries that the compactor folds between two commits; their guards are taken that long.
COMPACT_BATCH = 2_000
#: The guard of whoever corrects positions: that of all products at all sites.
CORRECTION = (0, 0)
#: The database's clock: the gate and all who read must agree on what has expired.
NOW = SQL("timezone('UTC', statement_timestamp())")


class Position(NamedTuple):
    """What is read of one product at one site, in the unit of the product.

    ``available`` follows from the others: on hand and external, less demand, claims and safety.
    """

    product_id: int
    site_id: int
    on_hand: float
    reserved: float
    demand: float
    incoming: float
    claimed: float
    external: float
    safety: float
    available: float


class OmsPosition(models.Model):
    """The stock facts of one product at one site, read from the rows and the ledger.

    Nothing writes here: PostgreSQL keeps the facts, see :mod:`.ledger_sql`.
    """

    _name = "oms.position"
    _description = "Stock by Site"
    _auto = False
    # By id: sorting millions of positions by names would take seconds for every page.
    _order = "product_id.id, site_id.id"
    _rec_name = "product_id"

    product_id = fields.Many2one("product.product", readonly=True)
    categ_id = fields.Many2one(related="product_id.categ_id")
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    site_id = fields.Many2one("oms.site", readonly=True)
    kind = fields.Selection(related="site_id.kind")
    company_id = fields.Many2one("res.company", readonly=True)
    on_hand = fields.Float(
        digits="Product Unit",
        readonly=True,
        help="Owned goods in locations of the site that are for sale.",
    )
    reserved = fields.Float(
        digits="Product Unit", readonly=True, help="What Odoo has reserved of the goods on hand."
    )
    demand = fields.Float(
        string="Open Demand",
        digits="Product Unit",
        readonly=True,
        help="What open transfers will take out of the site, reserved or not.",
    )
    claimed = fields.Float(
        digits="Product Unit", readonly=True, help="What claims hold that no transfer serves yet."
    )
    incoming = fields.Float(
        digits="Product Unit", readonly=True, help="What open transfers will bring to the site."
    )
    external = fields.Float(
        digits="Product Unit",
        readonly=True,
        help="What a supplier or another holder of goods said to have, not too long ago.",
    )
    safety = fields.Float(
        digits="Product Unit",
        readonly=True,
        help="What safety stock rules hold back of it today.",
    )
    available = fields.Float(
        string="Available to Promise",
        digits="Product Unit",
        readonly=True,
        help="On hand and external, less open demand, less claims, less safety stock.",
    )

    # === SCHEMA === #

    def init(self):
        """Make tables, triggers and the view once all tables of the addon exist."""
        self.env.registry.post_init(self._install_sql)

    @api.model
    def _install_sql(self):
        missing = not table_exists(self.env.cr, "oms_position_row")
        statements = [
            ledger_sql.tables(),
            *self._get_machinery_sql(),
            SQL("DROP VIEW IF EXISTS oms_position"),
            SQL("CREATE VIEW oms_position AS (%s)", self._get_view_sql()),
        ]
        for statement in statements:
            self.env.cr.execute(statement)
        if missing:
            # Locations that were there before the triggers must say first for whom they count.
            self.env.flush_all()
            self.env.cr.execute(ledger_sql.fill())
            self.env.cr.execute(external_sql.positions(SQL("oms_external_stock")))

    @api.model
    def _get_machinery_sql(self):
        """Return the statements that make or replace the triggers and functions.

        The audit compares what the database has with what these make.

        :rtype: list[SQL]
        """
        return [
            *map(ledger_sql.triggers, position_sql.FACTS),
            ledger_sql.location_trigger(),
            ledger_sql.compact(),
            safety_sql.functions(),
            gate_sql.functions(),
            external_sql.trigger(),
        ]

    @api.model
    def _uninstall_sql(self):
        """Take triggers, functions and tables away with the addon."""
        self.env.cr.execute(external_sql.removal())
        self.env.cr.execute(gate_sql.removal())
        self.env.cr.execute(ledger_sql.removal())
        self.env.cr.execute(safety_sql.removal())

    @api.model
    def _get_view_sql(self):
        return position_view_sql.view(NOW)

    # === BUSINESS METHODS === #

    @api.model
    def _flush_facts(self):
        """Write out what positions follow from, and nothing else.

        Orders in the middle of their confirmation are written once, at its end, and not in
        pieces whenever somebody reads stock.
        """
        for name in FACT_MODELS:
            self.env[name].flush_model()

    @api.model
    def _get_sql(self, product_ids, site_ids):
        """Return the select of positions as they are now, flushed before.

        :return: a select with the columns of :class:`Position`
        """
        self._flush_facts()
        return SQL(
            "SELECT %s FROM (%s) AS position",
            SQL(", ").join(map(SQL.identifier, Position._fields)),
            self.env["oms.safety.stock"]._apply(
                position_sql.read(position_sql.among(product_ids, site_ids), NOW),
                SQL("(%s)::date", NOW),
                product_ids,
                site_ids,
            ),
        )

    @api.model
    def _get_positions(self, site_ids, product_ids):
        """Read positions, exactly as of this transaction; what expired is free again.

        :return: the positions that there are, those of nothing at all left out
        :rtype: list[Position]
        """
        select = self._get_sql(product_ids, site_ids)
        return [Position(*row) for row in self.env.execute_query(select)]

    @api.model
    def _get_totals(self, site_ids, product_ids):
        """Read what can be promised of products over all of some sites.

        A site where more is promised than it has takes nothing from the others.

        :return: available quantity by product id; products with nothing left are absent
        :rtype: dict[int, float]
        """
        if self.env["oms.safety.stock"]._is_any():
            return self._sum_available(self._get_sql(product_ids, site_ids))
        self._flush_facts()
        totals = position_sql.read_totals(set(product_ids), site_ids, NOW)
        return {
            product_id: available
            for product_id, available in self.env.execute_query(totals)
            if available and available > 1e-9
        }

    @api.model
    def _sum_available(self, positions):
        """Return what is available at all sites together, by product id.

        :param SQL positions: a select of positions
        """
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT product_id, SUM(available) FROM (%s) AS position "
                    "WHERE available > 1e-9 GROUP BY product_id",
                    positions,
                )
            )
        )

    @api.model
    def _touch(self, keys):
        """Take the guard of some positions before something of them is committed to somebody.

        The rows are changed, not only locked, in order of product and site: a transaction that
        read them before another one committed then fails and is run again, instead of going on
        with what it read.

        :param keys: (product id, site id) pairs
        :raises psycopg2.errors.SerializationFailure: another transaction committed to one of
            them since this one began
        """
        keys = set(keys)
        if not keys:
            return
        self.env.cr.execute(
            gate_sql.touch(
                SQL(
                    "SELECT * FROM unnest(%s, %s)",
                    [product_id for product_id, _site_id in keys],
                    [site_id for _product_id, site_id in keys],
                )
            ),
            # Losing against another transaction is no fault: the caller is run again.
            log_exceptions=False,
        )

    @api.model
    def _check_available(self, asked):
        """Make sure that what is about to be claimed is there, once its guards are taken.

        :param dict asked: quantity by (product id, site id) of tracked goods
        :raises UserError: it is not, with what is left
        """
        if not asked:
            return
        products = {product_id for product_id, _site_id in asked}
        sites = {site_id for _product_id, site_id in asked}
        available = {
            (position.product_id, position.site_id): position.available
            for position in self._get_positions(sites, products)
        }
        for key, quantity in asked.items():
            left = available.get(key, 0.0)
            if left < quantity - 1e-6:
                raise UserError(self._get_shortage_sentence(*key, left, quantity))

    @api.model
    def _check_not_oversold(self, taken):
        """Make sure that what transfers were just made for was there.

        :param dict taken: quantity by (product id, site id) of tracked goods
        :raises UserError: it was not, with what was left
        """
        products = {product_id for product_id, _site_id in taken}
        sites = {site_id for _product_id, site_id in taken}
        for position in self._get_positions(sites, products):
            key = position.product_id, position.site_id
            # What is held back is there: a transfer that Odoo made larger may take it.
            left = position.available + position.safety
            if key in taken and left < -1e-6:
                raise UserError(self._get_shortage_sentence(*key, left + taken[key], taken[key]))

    @api.model
    def _get_shortage_sentence(self, product_id, site_id, available, asked):
        """Say that too little of a product is available at a site, and what is left."""
        # sudo: who asks for goods may read the names of what was asked for. Names alone are read:
        # what sold out is asked for, and refused, most often.
        env = self.sudo().with_context(prefetch_fields=False).env
        return self.env._(
            "Of %(product)s %(left)s are available at %(site)s, not %(asked)s.",
            product=env["product.product"].browse(product_id).display_name,
            left=f"{max(available, 0.0):g}",
            site=env["oms.site"].browse(site_id).name,
            asked=f"{asked:g}",
        )

    @api.model
    def _rebuild(self):
        """Correct all positions in one statement, while others go on working.

        Who comes while another one is at it waits, and then finds what that one corrected.

        :return: how many positions were wrong
        :rtype: int
        :raises psycopg2.errors.SerializationFailure: another one committed corrections since this
            transaction began
        """
        self.env.flush_all()
        self._touch([CORRECTION])
        self.env.cr.execute(ledger_sql.append(position_sql.differences()))
        if self.env.cr.rowcount:
            _logger.warning("%s stock positions were corrected", self.env.cr.rowcount)
        return self.env.cr.rowcount

    @api.model
    def _cron_compact(self):
        """Fold the ledger into the rows."""
        more = True
        while more:
            folded = retrying(self.env, self._compact, opening=reading_committed)
            more = folded == COMPACT_BATCH
            left = self.env["ir.cron"]._commit_progress(folded, remaining=int(more))
            more = more and left

    @api.model
    def _compact(self, env):
        # Of its own, for whoever has a guard at that moment is waited for instead of lost to.
        env.cr.execute("SELECT oms_position_compact(%s)", [COMPACT_BATCH])
        return env.cr.fetchone()[0]
