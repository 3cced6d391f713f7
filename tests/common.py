"""Builders that the Odoo tests share: sites, stock, channels, orders, users."""

from collections import defaultdict
from contextlib import contextmanager
from unittest import SkipTest
from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase, TransactionCase, common, new_test_user

PARIS = (48.8566, 2.3522)
LYON = (45.7640, 4.8357)
ORLEANS = (47.9029, 1.9093)
MARSEILLE = (43.2965, 5.3698)

DATE_ORDER = "2024-03-04 10:00:00"


class OmsCase(TransactionCase):
    """Three sites near, at middle distance and far from a customer in Paris, and one channel.

    Prices of the strategy: 8 per parcel, 0.4 per unit, 0.00035 per unit and kilometer. So a
    second parcel pays as soon as it saves some 23,000 unit-kilometers.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.company = cls.env.company
        # Other people's sites, defaults and waiting orders must not get into the way.
        cls.env["oms.channel"].search([]).is_default = False
        cls.near = cls.make_site("Near", "NEAR", PARIS)
        cls.middle = cls.make_site("Middle", "MID", ORLEANS)
        cls.far = cls.make_site("Far", "FAR", MARSEILLE)
        cls.sites = cls.near + cls.middle + cls.far
        cls.network = cls.env["oms.network"].create(
            {"name": "Test network", "site_ids": [(6, 0, cls.sites.ids)]}
        )
        cls.strategy = cls.env["oms.strategy"].create(
            {
                "name": "Test strategy",
                "currency_id": cls.company.currency_id.id,
                "parcel_cost": 8.0,
                "unit_cost": 0.4,
                "unit_km_cost": 0.00035,
            }
        )
        cls.channel = cls.make_channel("Web", "TWEB")
        cls.customer = cls.make_partner("Customer in Paris", PARIS)
        cls.apple = cls.make_product("Apple")
        cls.berry = cls.make_product("Berry")

    # === BUILDERS === #

    @classmethod
    def make_partner(cls, name, coordinates=None, **vals):
        """Make a partner, placed on the map if coordinates (latitude, longitude) are given."""
        if coordinates:
            vals["partner_latitude"], vals["partner_longitude"] = coordinates
        return cls.env["res.partner"].create({"name": name, **vals})

    @classmethod
    def make_site(cls, name, code, coordinates=None, company=None, **vals):
        """Make a warehouse with an address of its own and return its site."""
        warehouse = cls.env["stock.warehouse"].create(
            {
                "name": name,
                "code": code,
                "partner_id": cls.make_partner(name, coordinates).id,
                "company_id": (company or cls.company).id,
                **vals,
            }
        )
        return warehouse.oms_site_ids

    @classmethod
    def make_channel(cls, name, code, **vals):
        """Make a channel; orchestrated over the test network unless told otherwise."""
        return cls.env["oms.channel"].create(
            {
                "name": name,
                "code": code,
                "strategy_id": cls.strategy.id,
                "network_ids": [(6, 0, cls.network.ids)],
                **vals,
            }
        )

    @classmethod
    def make_product(cls, name, **vals):
        """Make a storable product; its internal reference is its name."""
        return cls.env["product.product"].create(
            {
                "name": name,
                "default_code": name,
                "type": "consu",
                "is_storable": True,
                "list_price": 10.0,
                "taxes_id": [(5,)],
                **vals,
            }
        )

    @classmethod
    def stock(cls, product, *amounts, **kwargs):
        """Put stock at sites: ``stock(product, (site, quantity), …)``."""
        for site, quantity in amounts:
            cls.env["stock.quant"]._update_available_quantity(
                product, site.warehouse_id.lot_stock_id, quantity, **kwargs
            )

    @classmethod
    def make_sold(cls, product, site, quantity, days_ago=7):
        """Have it be so that a site sold some of a product, and has none left of that."""
        customers = cls.env.ref("stock.stock_location_customers")
        move = cls.env["stock.move"].create(
            {
                "product_id": product.id,
                "product_uom_qty": quantity,
                "location_id": site.warehouse_id.lot_stock_id.id,
                "location_dest_id": customers.id,
            }
        )
        cls.stock(product, (site, quantity))
        move._action_confirm()
        move._action_assign()
        move.picked = True
        move._action_done()
        move.date = fields.Datetime.subtract(fields.Datetime.now(), days=days_ago)

    @classmethod
    def make_order(cls, *lines, confirm=True, **vals):
        """Make an order of the test channel from (product, quantity[, line values]) tuples."""
        order = cls.env["sale.order"].create(
            {
                "partner_id": cls.customer.id,
                "oms_channel_id": cls.channel.id,
                "date_order": DATE_ORDER,
                "order_line": [
                    fields.Command.create(
                        {"product_id": product.id, "product_uom_qty": quantity, **(more or {})}
                    )
                    for product, quantity, *rest in lines
                    for more in [rest[0] if rest else None]
                ],
                **vals,
            }
        )
        if confirm:
            order.action_confirm()
        return order

    @classmethod
    def make_user(cls, login, groups, **vals):
        """Make a user with these groups (comma-separated external ids) and no other."""
        return new_test_user(cls.env, login=login, groups=groups, **vals)

    @classmethod
    def make_open_move(cls, product, site, quantity, date=None):
        """Make an open receipt (above zero) or delivery (below zero) of a site."""
        warehouse = site.warehouse_id
        comes = quantity > 0
        partners = cls.env.ref(f"stock.stock_location_{'suppliers' if comes else 'customers'}")
        ends = partners, warehouse.lot_stock_id
        source, target = ends if comes else ends[::-1]
        places = {"location_id": source.id, "location_dest_id": target.id}
        picking = cls.env["stock.picking"].create(
            {
                "picking_type_id": (warehouse.in_type_id if comes else warehouse.out_type_id).id,
                **places,
                "move_ids": [
                    fields.Command.create(
                        {"product_id": product.id, "product_uom_qty": abs(quantity), **places}
                    )
                ],
            }
        )
        picking.action_confirm()
        if date:
            picking.move_ids.date = date
        return picking.move_ids

    # === WHAT PEOPLE DO === #

    def hold(self, *requests, origin="cart", minutes=30, **kwargs):
        """Hold goods as a cart does, from (product, site, quantity) tuples; return the claims."""
        with self.enter_registry_test_mode():
            ids = self.env["oms.claim"]._hold(
                [(product.id, site.id, quantity) for product, site, quantity in requests],
                origin,
                minutes,
                **kwargs,
            )
        return self.env["oms.claim"].browse(ids)

    @classmethod
    def ship(cls, picking, quantity=None, backorder=False):
        """Validate a transfer, with ``quantity`` of each move if given."""
        picking.action_assign()
        for move in picking.move_ids:
            if quantity is not None:
                move.quantity = quantity
            move.picked = True
        context = {"skip_backorder": True}
        if not backorder:
            context["picking_ids_not_to_backorder"] = picking.ids
        return picking.with_context(**context).button_validate()

    @classmethod
    def cancel(cls, order):
        """Cancel an order without the wizard."""
        order.with_context(disable_cancel_warning=True).action_cancel()

    @classmethod
    def take_back(cls, picking, quantity, to_refund=True):
        """Return goods of a shipped transfer and receive them."""
        wizard = (
            cls.env["stock.return.picking"]
            .with_context(active_id=picking.id, active_ids=picking.ids, active_model=picking._name)
            .create({})
        )
        wizard.product_return_moves.quantity = quantity
        wizard.product_return_moves.to_refund = to_refund
        receipt = wizard._create_return()
        cls.ship(receipt, quantity)
        return receipt

    def run_cron(self):
        """Run the scheduled job that sources waiting orders, as Odoo does."""
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_source_waiting").method_direct_trigger()

    def count_triggers(self):
        """Count how often the scheduled job has been asked to run at once."""
        cron = self.env.ref("oms.cron_source_waiting")
        return self.env["ir.cron.trigger"].sudo().search_count([("cron_id", "=", cron.id)])

    @contextmanager
    def queries(self):
        """Collect the SQL statements that run in the block."""
        self.env.flush_all()
        statements = []
        original = type(self.env.cr).execute

        def execute(cursor, query, *args, **kwargs):
            statements.append(str(query))
            return original(cursor, query, *args, **kwargs)

        with patch.object(type(self.env.cr), "execute", execute):
            yield statements
            self.env.flush_all()

    # === WHAT IS SEEN === #

    def shelf_moves(self, line, back=False):
        """Return the moves of an order line that leave (or go back to) the shelf of a site."""
        moves = self.env["stock.move"]
        for move in line.move_ids.filtered(lambda move: move.state != "cancel"):
            shelf = (move.location_id | move.location_dest_id).warehouse_id.lot_stock_id
            leaves = move.location_id in shelf and move.location_dest_id not in shelf
            returns = (
                move.location_dest_id in shelf
                and move.location_id not in shelf
                and move.location_id.usage == "internal"
            )
            if returns if back else leaves:
                moves += move
        return moves

    def plan(self, order):
        """Return what each site ships or shipped: quantity by (site code, product name)."""
        quantities = defaultdict(float)
        for line in order.order_line:
            for sign, back in ((1, False), (-1, True)):
                for move in self.shelf_moves(line, back):
                    code = move.location_id.warehouse_id.oms_site_ids.code
                    done = move.state == "done"
                    quantities[code, line.product_id.name] += sign * (
                        move.product_uom._compute_quantity(move.quantity, line.product_id.uom_id)
                        if done
                        else move.product_qty
                    )
        return {key: quantity for key, quantity in quantities.items() if quantity}

    def open_moves(self, order):
        """Return the moves of an order that are neither done nor cancelled."""
        return order.order_line.move_ids.filtered(lambda m: m.state not in ("done", "cancel"))

    def assertBalanced(self, order):
        """Check that nothing of the order is lost or promised twice.

        For each orchestrated line: ordered = open + claimed + in moves off the shelf.
        """
        order.invalidate_recordset()
        order.order_line.invalidate_recordset()
        for line in order.order_line.filtered(lambda line: line._oms_is_orchestrated()):
            unit = line.product_id.uom_id
            ordered = line.product_uom_id._compute_quantity(line.product_uom_qty, unit)
            claimed = sum(
                line.oms_claim_ids.filtered(lambda c: c.state == "active").mapped("quantity")
            )
            under_way = sum(
                quantity
                for move_sign, back in ((1, False), (-1, True))
                for move in self.shelf_moves(line, back)
                for quantity in [
                    move_sign
                    * (
                        move.product_uom._compute_quantity(move.quantity, unit)
                        if move.state == "done"
                        else move.product_qty
                    )
                ]
            )
            self.assertAlmostEqual(
                ordered, line.oms_qty_open + claimed + under_way, 6, f"{line.display_name}: balance"
            )
            self.assertFalse(claimed, "claims live only until moves take them over")
            planned = sum(line.oms_fulfillment_line_ids.mapped("quantity"))
            self.assertGreaterEqual(round(planned, 6), round(under_way, 6), "moves are planned")
        self.assertNotOverpromised(order.order_line.product_id)
        self.assertFalse(
            order.picking_ids.filtered(
                lambda p: p.picking_type_code == "incoming" and not p.return_id
            ),
            "no receipt from the customer that nobody asked for",
        )

    def assertNotOverpromised(self, products):
        """Check that the demand at no site exceeds its stock, for storable products."""
        for product in products.filtered("is_storable"):
            for site in self.sites:
                warehouse = site.warehouse_id
                quants = self.env["stock.quant"].search(
                    [
                        ("product_id", "=", product.id),
                        ("location_id.warehouse_id", "=", warehouse.id),
                        ("location_id.usage", "=", "internal"),
                        ("owner_id", "=", False),
                    ]
                )
                moves = self.env["stock.move"].search(
                    [
                        ("product_id", "=", product.id),
                        ("location_id", "child_of", warehouse.lot_stock_id.id),
                        ("state", "not in", ("draft", "done", "cancel")),
                        ("oms_fulfillment_line_id", "!=", False),
                    ]
                )
                if moves:
                    self.assertLessEqual(
                        round(sum(moves.mapped("product_qty")), 6),
                        round(sum(quants.mapped("quantity")), 6),
                        f"{product.name} is promised twice at {site.name}",
                    )


class TourCase(HttpCase, OmsCase):
    """What a user does in a browser."""

    def start_tour_surely(self, *args, **kwargs):
        """Start a tour; a browser that does not come up is tried again, and then a failure."""
        for _attempt in range(3):
            try:
                with patch.object(common, "CHECK_BROWSER_ITERATIONS", 600):
                    return self.start_tour(*args, **kwargs)
            except SkipTest as skipped:
                # A skipped test would go unnoticed; a busy machine starts the browser late.
                reason = skipped
        return self.fail(f"The browser did not start: {reason}")
