from collections import defaultdict

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class OmsDisposition(models.Model):
    """What is decided becomes moves and transfers of Odoo's own kind."""

    _inherit = "oms.disposition"

    def _carry_out(self):
        """Move the goods, or make the transfers by which they leave.

        :raises UserError: goods are not where they were put any more, or cannot go there
        """
        if not self:
            return
        self._check_there()
        self.write({"decided_at": fields.Datetime.now(), "decided_by_id": self.env.uid})
        for kind, of_kind in self.grouped("kind").items():
            getattr(of_kind, f"_carry_out_{kind}")()
        for record in self:
            record.item_id.move_ids |= record.move_ids

    def _check_there(self):
        """Make sure that the goods are where they were put, and nobody wants them there.

        :raises UserError: they are not
        """
        wanted = defaultdict(float)
        for record in self:
            wanted[record.product_id, record.location_id, record.lot_id] += record.quantity
        Quant = self.env["stock.quant"]
        for (product, location, lot), quantity in wanted.items():
            there = Quant._get_available_quantity(product, location, lot_id=lot or None)
            if product.uom_id.compare(there, quantity) < 0:
                raise UserError(
                    self.env._(
                        "Of %(product)s only %(there)g %(unit)s are left in %(location)s, not "
                        "%(wanted)g: somebody moved them. Look where they are, or propose anew.",
                        product=product.display_name,
                        there=max(there, 0.0),
                        unit=product.uom_id.name,
                        location=location.display_name,
                        wanted=quantity,
                    )
                )

    # === WITHIN THE SITE === #

    def _carry_out_sell(self):
        for record in self:
            record._move_at_once(record.result_grade_id._get_location(record.site_id))

    def _carry_out_refurbish(self):
        here = self.filtered(
            lambda each: each.target_site_id in (each.site_id, each.env["oms.site"])
        )
        for record in here:
            record.target_site_id = record.site_id
            record._move_at_once(record.site_id._get_refurbish_location())
        (self - here)._transfer(lambda record: record.target_site_id._get_refurbish_location())

    def _end_refurbishing(self, failed):
        """Put refurbished goods where goods of their new grade lie, or scrap them."""
        for record in self:
            site = record.target_site_id
            place = site._get_refurbish_location()
            done = record.move_ids.filtered(lambda move: move.state == "done")
            if (
                record.kind != "refurbish"
                or record.state != "under_way"
                or place not in done.location_dest_id
            ):
                raise UserError(self.env._("%s is not being refurbished now.", record.display_name))
            if failed:
                record._scrap(place)
            else:
                record._move_at_once(record.result_grade_id._get_location(site), place)
            record.refurbished_at = fields.Datetime.now()
            record.item_id.move_ids |= record.move_ids

    def _move_at_once(self, target, source=None):
        """Move the goods now, whoever moved them stands before them.

        :param target: ``stock.location``
        :param source: ``stock.location``; where the goods lie when None
        """
        self.ensure_one()
        source = source or self.location_id
        if source == target:
            return
        values = self._prepare_move(source, target)
        values["picked"] = True
        values["move_line_ids"] = [
            Command.create(
                {
                    "product_id": self.product_id.id,
                    "product_uom_id": self.uom_id.id,
                    "quantity": self.quantity,
                    "lot_id": self.lot_id.id,
                    "location_id": source.id,
                    "location_dest_id": target.id,
                }
            )
        ]
        move = self.env["stock.move"].create(values)
        move._action_done()
        self.move_ids |= move

    def _prepare_move(self, source, target):
        """Return the values of a move of the goods."""
        return {
            "product_id": self.product_id.id,
            "product_uom": self.uom_id.id,
            "product_uom_qty": self.quantity,
            "location_id": source.id,
            "location_dest_id": target.id,
            "company_id": self.company_id.id,
            "origin": self.return_id.name,
        }

    # === TO ANOTHER SITE === #

    def _carry_out_send(self):
        self._transfer(lambda each: each.result_grade_id._get_location(each.target_site_id))

    def _transfer(self, get_target):
        """Make the transfers to other sites through transit, one for each way.

        :param get_target: returns the ``stock.location`` in which goods end
        """
        for (site, target_site), records in self.grouped(
            lambda each: (each.site_id, each.target_site_id)
        ).items():
            transit = records.company_id.internal_transit_location_id
            if not transit:
                raise UserError(
                    self.env._(
                        "%s has no transit location: give it one in the settings of the company.",
                        records.company_id.name,
                    )
                )
            out = records._make_picking(
                site.warehouse_id.out_type_id,
                records.location_id[:1],
                transit,
                target_site.warehouse_id.partner_id,
            )
            into = records._make_picking(
                target_site.warehouse_id.in_type_id,
                transit,
                target_site.warehouse_id.lot_stock_id,
                site.warehouse_id.partner_id,
            )
            for record in records:
                leaving = record._add_move(out, record.location_id, transit)
                record._add_move(into, transit, get_target(record), leaving)
            records._confirm(out | into)

    def _resume(self):
        """Make the second leg of transfers anew, for goods that still lie in transit."""
        for (site, target), records in self.grouped(
            lambda each: (each.site_id, each.target_site_id)
        ).items():
            done = records.move_ids.filtered(lambda move: move.state == "done")
            transit = done.location_dest_id.filtered(lambda place: place.usage == "transit")[:1]
            if not transit:
                raise UserError(
                    self.env._("%s does not lie in transit any more.", records[:1].display_name)
                )
            into = records._make_picking(
                target.warehouse_id.in_type_id,
                transit,
                target.warehouse_id.lot_stock_id,
                site.warehouse_id.partner_id,
            )
            for record in records:
                grade, refurbished = record.result_grade_id, record.kind == "refurbish"
                record._add_move(
                    into,
                    transit,
                    target._get_refurbish_location()
                    if refurbished
                    else grade._get_location(target),
                )
                record.item_id.move_ids |= record.move_ids
            records._confirm(into, transit)

    def _make_picking(self, picking_type, source, target, partner):
        return self.env["stock.picking"].create(
            {
                "picking_type_id": picking_type.id,
                "location_id": source.id,
                "location_dest_id": target.id,
                "partner_id": partner.id,
                "company_id": self.company_id.id,
                "origin": ", ".join(sorted(set(self.return_id.mapped("name")))),
            }
        )

    def _add_move(self, picking, source, target, before=None):
        """Add the goods to a transfer.

        :param before: ``stock.move`` that brings them to where it begins
        """
        self.ensure_one()
        values = {
            **self._prepare_move(source, target),
            "picking_id": picking.id,
            "picking_type_id": picking.picking_type_id.id,
        }
        if before:
            values["procure_method"] = "make_to_order"
            values["move_orig_ids"] = [Command.set(before.ids)]
        move = self.env["stock.move"].create(values)
        self.move_ids |= move
        return move

    def _confirm(self, pickings, source=None):
        """Make transfers ready: reserve the very goods that they are about.

        :param source: ``stock.location`` where the goods are; where they were put when None
        """
        for record in self:
            place = source or record.location_id
            moves = record.move_ids.filtered(lambda move: move.picking_id in pickings)
            moves._action_confirm(merge=False)
            leaving = moves.filtered(lambda move, place=place: move.location_id == place)
            if record.lot_id:
                leaving._do_unreserve()
                leaving._update_reserved_quantity(record.quantity, place, lot_id=record.lot_id)
                leaving._recompute_state()
            else:
                leaving._action_assign()

    # === OUT OF THE NETWORK === #

    def _carry_out_supplier(self):
        target = self.env.ref("stock.stock_location_suppliers")
        by_way = defaultdict(self.browse)
        for record in self:
            seller = record._check_supplier()
            by_way[record.site_id, seller.partner_id] |= record
        for (site, partner), records in by_way.items():
            supplier = partner.property_stock_supplier or target
            into = site.warehouse_id.in_type_id
            back = into.return_picking_type_id
            picking = records._make_picking(
                back if back.code == "outgoing" else site.warehouse_id.out_type_id,
                records.location_id[:1],
                supplier,
                partner,
            )
            for record in records:
                record._add_move(picking, record.location_id, supplier)
            records._confirm(picking)

    def _check_supplier(self):
        """Return the price of the supplier to whom goods go back.

        :rtype: product.supplierinfo
        :raises UserError: none takes them
        """
        self.ensure_one()
        seller = self._get_returning_supplier(self.company_id, self.product_id)
        if not seller:
            raise UserError(
                self.env._(
                    "No supplier takes %s back: say so in the price list of one of them, or "
                    "decide otherwise.",
                    self.product_id.display_name,
                )
            )
        return seller

    def _carry_out_donate(self):
        for record in self:
            record._move_at_once(record._get_donation_location())

    def _get_donation_location(self):
        """Return where goods go that are given away, making the place if need be."""
        Location = self.env["stock.location"]
        name = self.env._("Donations")
        place = Location.search(
            [
                ("company_id", "=", self.company_id.id),
                ("usage", "=", "inventory"),
                ("oms_is_donation", "=", True),
            ],
            limit=1,
        )
        return place or Location.create(
            {
                "name": name,
                "usage": "inventory",
                "company_id": self.company_id.id,
                "oms_is_donation": True,
            }
        )

    def _carry_out_scrap(self):
        for record in self:
            record._scrap(record.location_id)

    def _scrap(self, source):
        scrap = self.env["stock.scrap"].create(
            {
                "product_id": self.product_id.id,
                "product_uom_id": self.uom_id.id,
                "scrap_qty": self.quantity,
                "lot_id": self.lot_id.id,
                "location_id": source.id,
                "company_id": self.company_id.id,
                "origin": self.return_id.name,
            }
        )
        scrap.do_scrap()
        self.scrap_id = scrap
        self.move_ids |= scrap.move_ids

    # === DECIDED OTHERWISE === #

    def _choose(self, kind, site, reason):
        """Decide otherwise than proposed, and do it.

        :param str kind: what becomes of the goods
        :param site: ``oms.site`` to which they go, where they do
        :param str reason: why, for those who read it later
        :raises UserError: it cannot be, or there is no reason
        """
        if not (reason or "").strip():
            raise UserError(self.env._("Say why it is decided otherwise."))
        self._check_state(("proposed",), self.env._("decided on otherwise"))
        targets = {record: record._check_possible(kind, site) for record in self}
        self._check_there()
        for record, target in targets.items():
            grade = record.grade_id
            if kind == "refurbish":
                grade = grade.refurbish_grade_id
            option = record.option_ids.filtered(
                lambda each, kind=kind, site=target or record.site_id: (
                    each.kind == kind and each.site_id == site
                )
            )[:1]
            record.write(
                {
                    "kind": kind,
                    "target_site_id": target.id,
                    "result_grade_id": grade.id,
                    "overridden": (kind, (target or record.site_id))
                    != (record.proposed_kind, record.proposed_site_id),
                    "override_reason": reason.strip(),
                    "unit_value": option.value,
                    "gain": 0.0,
                }
            )
        self._carry_out()

    def _check_possible(self, kind, site):
        """Make sure that goods can become of what somebody wants.

        :return: the site to which they go; empty where they stay or leave for good
        :rtype: oms.site
        :raises UserError: they cannot
        """
        self.ensure_one()
        if kind == "refurbish" and not self.grade_id.refurbish_grade_id:
            raise UserError(
                self.env._(
                    "Goods of grade %s are not refurbished: say on the grade what they become.",
                    self.grade_id.name,
                )
            )
        if kind == "supplier":
            self._check_supplier()
        if kind not in ("send", "refurbish"):
            return self.env["oms.site"]
        if kind == "refurbish":
            site = site or self.site_id
        if not site.warehouse_id or site.company_id != self.company_id:
            raise UserError(
                self.env._("Choose a site of %s that keeps stock.", self.company_id.name)
            )
        if kind == "send" and site == self.site_id:
            raise UserError(self.env._("The goods are at %s already.", site.name))
        return site
