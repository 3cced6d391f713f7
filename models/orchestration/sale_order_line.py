from odoo import api, fields, models
from odoo.tools.sql import column_exists, create_column


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    oms_claim_ids = fields.One2many(
        "oms.claim", "sale_line_id", string="Claims", groups="base.group_user"
    )
    oms_fulfillment_line_ids = fields.One2many(
        "oms.fulfillment.line",
        "sale_line_id",
        string="Fulfillment Lines",
        groups="base.group_user",
    )
    oms_qty_open = fields.Float(
        string="Open to Source",
        digits="Product Unit",
        compute="_compute_oms_qty_open",
        store=True,
        copy=False,
        help="What no site has been found for yet, in the unit of the product.",
        groups="base.group_user",
    )
    oms_site_names = fields.Char(
        string="Sites", compute="_compute_oms_site_names", groups="base.group_user"
    )

    # Looked up whenever goods come or are freed anywhere.
    _oms_open_idx = models.Index("(product_id) WHERE oms_qty_open > 0")

    def _auto_init(self):
        """Create the stored compute empty: lines from before the addon are not orchestrated."""
        if not column_exists(self.env.cr, self._table, "oms_qty_open"):
            create_column(self.env.cr, self._table, "oms_qty_open", "numeric")
        return super()._auto_init()

    # === COMPUTE METHODS === #

    @api.depends(
        "state",
        "product_id",
        "product_uom_id",
        "product_uom_qty",
        "route_ids",
        "order_id.oms_channel_id.orchestrated",
        "move_ids.state",
        "move_ids.product_uom_qty",
        "oms_claim_ids.state",
        "oms_claim_ids.quantity",
    )
    def _compute_oms_qty_open(self):
        for line in self:
            orchestrated = line.state == "sale" and line._oms_is_orchestrated()
            line.oms_qty_open = max(line._oms_get_qty_open(), 0.0) if orchestrated else 0.0

    @api.depends(
        "oms_fulfillment_line_ids.quantity", "oms_fulfillment_line_ids.fulfillment_id.state"
    )
    def _compute_oms_site_names(self):
        for line in self:
            parts = line.sudo().oms_fulfillment_line_ids.filtered(
                lambda part: (
                    part.quantity and part.fulfillment_id.state not in ("rejected", "cancelled")
                )
            )
            line.oms_site_names = ", ".join(
                f"{part.site_id.code}: {part.quantity:g}" for part in parts.sorted("id")
            )

    # === BUSINESS METHODS === #

    def _oms_is_orchestrated(self):
        """Tell whether the addon sources the line.

        Services, down payments, sections, lines with a route of their own (dropship, made to
        order) and kits are left to Odoo.

        :rtype: bool
        """
        self.ensure_one()
        product = self.product_id
        return bool(
            # sudo: whether a channel is orchestrated matters to everybody who sells on it
            self.order_id.oms_channel_id.sudo().orchestrated
            and product.type == "consu"
            # A negative line is a return: Odoo makes a receipt of it.
            and self.product_uom_qty >= 0
            and not self.display_type
            and not self.is_expense
            and not self.route_ids
            and not self._oms_was_begun_by_odoo()
            and not self._oms_has_own_supply()
        )

    def _oms_was_begun_by_odoo(self):
        """Tell whether Odoo alone made moves for the line, before its channel was orchestrated.

        Odoo then finishes it: transfers cancelled or shorted in the past must not become open
        orders of today.
        """
        # sudo: a salesperson need not have rights on fulfillments
        return bool(self.move_ids and not self.sudo().oms_fulfillment_line_ids)

    def _oms_has_own_supply(self):
        """Tell whether the product is bought, made or put together for each order."""
        self.ensure_one()
        product = self.product_id
        if product._oms_is_kit(self.company_id):
            return True
        routes = product.route_ids | product.categ_id.total_route_ids
        # sudo: rules are configuration that a salesperson cannot read
        return any(
            rule.procure_method == "make_to_order" or rule.location_src_id.usage == "supplier"
            for rule in routes.sudo().rule_ids
            if rule.location_dest_id.usage == "customer"
            and rule.company_id in (self.env["res.company"], self.company_id)
        )

    def _oms_get_qty_ordered(self):
        """Return what is ordered.

        :return: quantity in the product's unit
        :rtype: float
        """
        self.ensure_one()
        return self.product_uom_id._compute_quantity(
            self.product_uom_qty, self.product_id.uom_id, rounding_method="HALF-UP"
        )

    def _oms_get_qty_open(self):
        """Return what is ordered and neither claimed nor in moves nor shipped.

        Returned goods are not asked for again, unlike in Odoo's own count: a return closes a
        need, and a replacement is an order or an exchange of its own.

        :return: quantity in the product's unit; below zero when too much is under way
        :rtype: float
        """
        self.ensure_one()
        unit, ordered = self.product_id.uom_id, self._oms_get_qty_ordered()
        outgoing, _incoming = self._get_outgoing_incoming_moves(strict=False)
        in_moves = sum(
            move.product_uom._compute_quantity(
                move.quantity if move.state == "done" else move.product_uom_qty,
                unit,
                rounding_method="HALF-UP",
            )
            for move in outgoing
        )
        # sudo: a salesperson need not have rights on claims
        claims = self.sudo().oms_claim_ids.filtered(lambda claim: claim.state == "active")
        stranded = sum(self._oms_get_stranded(outgoing).values())
        return unit.round(ordered - in_moves + stranded - sum(claims.mapped("quantity")))

    def _oms_get_stranded(self, started):
        """Return what left the shelf of a site and is on no transfer to the customer any more.

        In deliveries of several steps a later transfer may be cancelled, lowered or shipped short.

        :param started: the first moves of the deliveries, see ``_get_outgoing_incoming_moves``
        :return: quantity in the product's unit by ``oms.fulfillment.line``
        :rtype: dict
        """
        self.ensure_one()
        unit, stranded = self.product_id.uom_id, {}
        # sudo: a salesperson need not have rights on transfers and fulfillments
        moves, started = self.sudo().move_ids, started.sudo()
        between = started.filtered(
            lambda move: move.state == "done" and not move.location_dest_id._is_outgoing()
        )
        for move in between:
            line = move.oms_fulfillment_line_id
            quantity = move.product_uom._compute_quantity(move.quantity, unit)
            stranded[line] = stranded.get(line, 0.0) + quantity
        for move in (moves - started)._oms_filter_ahead() if between else ():
            line = move.oms_fulfillment_line_id
            if line in stranded:
                done = move.quantity if move.state == "done" else move.product_uom_qty
                stranded[line] -= move.product_uom._compute_quantity(done, unit)
        return {
            line: unit.round(quantity)
            for line, quantity in stranded.items()
            if unit.compare(quantity, 0.0) > 0
        }

    def _oms_is_begun(self):
        """Tell whether a site works, or worked, on any of the lines."""
        return any(
            fulfillment_line.fulfillment_id.state in ("planned", "released", "shipped", "delivered")
            for fulfillment_line in self.sudo().oms_fulfillment_line_ids
        )

    # === PROCUREMENT === #

    def _get_qty_procurement(self, previous_product_uom_qty=False):
        quantity = super()._get_qty_procurement(previous_product_uom_qty)
        return quantity - self._oms_get_qty_stranded()

    def _oms_get_qty_stranded(self):
        """Return what Odoo counts as under way, for it left the shelf, wherever it went since.

        :return: quantity in the unit of the line; nothing but while claims become moves
        """
        if self.env.context.get("oms_launch") != "release":
            return 0.0
        started, _incoming = self._get_outgoing_incoming_moves(strict=False)
        stranded = sum(self._oms_get_stranded(started).values())
        return self.product_id.uom_id._compute_quantity(stranded, self.product_uom_id)

    def _action_launch_stock_rule(self, *, previous_product_uom_qty=False):
        launch = self.env.context.get("oms_launch")
        if launch == "release" or self.env.context.get("skip_procurement"):
            return super()._action_launch_stock_rule(
                previous_product_uom_qty=previous_product_uom_qty
            )
        orchestrated = self.filtered(
            lambda line: line.state == "sale" and line._oms_is_orchestrated()
        )
        native = self - orchestrated
        native._oms_ensure_native_references()
        res = super(SaleOrderLine, native)._action_launch_stock_rule(
            previous_product_uom_qty=previous_product_uom_qty
        )
        orchestrated = orchestrated.filtered(lambda line: not line.order_id.locked)
        if previous_product_uom_qty:
            lowered = orchestrated.filtered(
                lambda line: line.product_uom_qty < previous_product_uom_qty.get(line.id, 0.0)
            )
            lowered._oms_reduce_excess()
            orchestrated -= lowered
        # A confirmation raises its event once the order is confirmed in every respect.
        if orchestrated and launch != "confirm":
            orchestrated.order_id._oms_source_by_workflow("order.changed")
        return res

    def _oms_source_and_release(self, trigger, strategy=None):
        """Source what is open of the lines, and have Odoo make transfers of what is claimed.

        :param str trigger: key of the decision's trigger
        :param strategy: ``oms.strategy`` to go by this time; that of each order's channel if None
        """
        self.env["oms.sourcing"]._source_lines(self, trigger, strategy)
        self._oms_release()

    def _oms_release(self):
        """Have Odoo make transfers of what is claimed for the lines."""
        claims = self._oms_get_claims_to_release()
        before = claims._get_quantities_in_moves()
        without = self.env["stock.move"]._oms_get_without_reordering(self.product_id)
        self.with_context(
            oms_launch="release", oms_without_reordering=without
        )._action_launch_stock_rule()
        claims._consume(before)

    def _oms_get_claims_to_release(self):
        """Return the claims of the lines that become transfers now.

        :rtype: ``oms.claim``
        """
        # sudo: a salesperson need not have rights on claims
        return self.sudo().oms_claim_ids.filtered(lambda claim: claim.state == "active")

    def _oms_ensure_native_references(self):
        """Give lines that Odoo delivers by itself a reference apart from the fulfillments'."""
        lines = self.filtered(lambda line: line.state == "sale" and line.product_id.type == "consu")
        for order in lines.order_id:
            # sudo: a salesperson need not have rights on fulfillments
            begun = order.sudo().oms_fulfillment_ids
            if begun and not order.locked and not order._oms_get_native_references():
                self.env["stock.reference"].create(order.order_line[:1]._prepare_reference_vals())

    def _prepare_procurement_values(self):
        values = super()._prepare_procurement_values()
        if self.order_id.sudo().oms_fulfillment_ids:
            values["reference_ids"] = self.order_id._oms_get_native_references()
        return values

    def _create_procurements(self, product_qty, procurement_uom, values):
        unit = self.product_id.uom_id
        # sudo: a salesperson need not have rights on claims and fulfillments
        line = self.sudo()
        orchestrated = self._oms_is_orchestrated()
        if procurement_uom.compare(product_qty, 0.0) < 0 and (
            # Also on a channel that is orchestrated no more: the goods are at several sites.
            orchestrated or line.oms_fulfillment_line_ids
        ):
            shares = self._oms_reduce(procurement_uom._compute_quantity(-product_qty, unit))
        elif orchestrated:
            claims = line._oms_get_claims_to_release().sorted("id")
            shares = [(claim.fulfillment_line_id, claim.quantity) for claim in claims]
        else:
            return super()._create_procurements(product_qty, procurement_uom, values)
        procurements = []
        for part, quantity in shares:
            site_values = {**values, **self._oms_prepare_site_values(part)}
            procurements += super()._create_procurements(quantity, unit, site_values)
        return procurements

    def _oms_reduce_excess(self):
        """Take off what is under way beyond the lowered quantities.

        Odoo's own count nets returned goods, so it would leave to be shipped what returns made
        up for; see :meth:`_oms_get_qty_open`.
        """
        procurements = []
        for line in self:
            unit, excess = line.product_id.uom_id, -line._oms_get_qty_open()
            if unit.compare(excess, 0.0) > 0:
                values = line._prepare_procurement_values()
                procurements += line._create_procurements(-excess, unit, values)
        if procurements:
            self.env["stock.rule"].run(procurements)

    def _oms_prepare_site_values(self, line):
        """Point a procurement at the site of a fulfillment line."""
        return {
            "warehouse_id": line.site_id.warehouse_id,
            "reference_ids": line.fulfillment_id.reference_id,
            "oms_fulfillment_line_id": line.id,
        }

    # === REDUCTION === #

    def _oms_reduce(self, quantity):
        """Take a lowered quantity off what is under way for the line.

        Given up first is what costs least to stop: claims, then transfers not yet picked, those
        of the fulfillment with the fewest open units first so that whole parcels fall away,
        then goods between two steps of a delivery. Shipped goods are left alone; Odoo would
        make a customer return of them that nobody asked for.

        :param float quantity: what to take off, in the product's unit
        :return: fulfillment lines with the (negative) quantity that goes from between two steps
            back to stock
        :rtype: list[tuple]
        """
        left = self._oms_reduce_claims(quantity)
        left = self._oms_reduce_moves(left)
        return self._oms_reduce_between_steps(left)

    def _oms_reduce_claims(self, quantity):
        """Release claims, newest first; return what is left to take off."""
        unit = self.product_id.uom_id
        # sudo: a salesperson need not have rights on claims and fulfillments
        claims = self.sudo().oms_claim_ids.filtered(lambda claim: claim.state == "active")
        for claim in claims.sorted("id", reverse=True):
            taken = min(claim.quantity, quantity)
            if unit.compare(taken, 0.0) <= 0:
                break
            claim._release(taken)
            claim.fulfillment_line_id._lower_planned(taken)
            quantity -= taken
        return quantity

    def _oms_reduce_moves(self, quantity):
        """Lower the demand of open moves; return what is left to take off."""
        unit = self.product_id.uom_id
        outgoing, _incoming = self._get_outgoing_incoming_moves(strict=False)
        # sudo: who sells need not have rights on transfers and fulfillments
        moves = outgoing.sudo().filtered(lambda move: move.state not in ("done", "cancel"))
        open_units = {
            fulfillment: sum(
                fulfillment.line_ids.move_ids.filtered(
                    lambda move: move.state not in ("done", "cancel")
                ).mapped("product_qty")
            )
            for fulfillment in moves.oms_fulfillment_line_id.fulfillment_id
        }
        no_fulfillment = self.env["oms.fulfillment"].sudo()
        for move in moves.sorted(
            lambda move: (
                move.picked,
                open_units.get(move.oms_fulfillment_line_id.fulfillment_id or no_fulfillment, 0.0),
                -move.id,
            )
        ):
            taken = min(move.product_qty, quantity)
            if unit.compare(taken, 0.0) <= 0:
                break
            quantity -= taken
            # Lowered before the move is cancelled: a fulfillment that plans nothing any more is
            # cancelled, one that still plans something was given back by its site.
            move.oms_fulfillment_line_id._lower_planned(taken)
            move._oms_lower_demand(unit._compute_quantity(taken, move.product_uom))
        return quantity

    def _oms_reduce_between_steps(self, quantity):
        """Give up goods that left the shelf and not yet the site; see :meth:`_oms_reduce`."""
        unit = self.product_id.uom_id
        started, _incoming = self._get_outgoing_incoming_moves(strict=False)
        delivered, _incoming = self._get_outgoing_incoming_moves(strict=True)
        stranded, shares = self._oms_get_stranded(started), []
        # sudo: a salesperson need not have rights on fulfillments
        for line in self.sudo().oms_fulfillment_line_ids:
            between = sum(
                sign * move.product_uom._compute_quantity(move.quantity, unit)
                for sign, moves in ((1, started), (-1, delivered))
                for move in moves
                if move.state == "done" and move.oms_fulfillment_line_id == line
            )
            taken = min(between - stranded.get(line, 0.0), quantity)
            if unit.compare(taken, 0.0) <= 0:
                continue
            quantity -= taken
            line._lower_planned(taken)
            shares.append((line, -taken))
        return shares
