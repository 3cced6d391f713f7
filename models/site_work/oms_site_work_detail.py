from odoo import api, models

from .answer import to_text

#: How much of the history the screen shows.
EVENTS_SHOWN = 20


class OmsSiteWork(models.AbstractModel):
    """One piece of work with its goods, packages and labels."""

    _inherit = "oms.site.work"

    @api.model
    def get_detail(self, fulfillment_id):
        """Return what the screen shows of one fulfillment.

        :param int fulfillment_id: ``oms.fulfillment``
        :return: its card, and ``lines``, ``packages``, ``labels``, ``reasons``, ``actions`` and
            ``events``
        :rtype: dict
        :raise AccessError: the user does not work at its site
        """
        self._check_works()
        fulfillment = self.env["oms.fulfillment"].browse(fulfillment_id)
        fulfillment.check_access("read")
        return self._prepare_detail(fulfillment)

    @api.model
    def _prepare_detail(self, fulfillment):
        [card] = self._prepare_cards(fulfillment)
        # sudo: of what the user may read, all that the screen tells
        fulfillment = fulfillment.sudo()
        moves = fulfillment._get_site_moves().filtered(
            lambda move: move.state not in ("draft", "cancel")
        )
        return {
            **card,
            "lines": self._prepare_lines(fulfillment, moves),
            "packages": self._prepare_packages(fulfillment, moves),
            "labels": self._prepare_labels(fulfillment),
            "reasons": self._prepare_reasons(),
            "actions": self._get_actions(fulfillment),
            "events": self._prepare_events([("fulfillment_id", "=", fulfillment.id)]),
        }

    # === GOODS === #

    @api.model
    def _prepare_lines(self, fulfillment, moves):
        """Return the goods by place and lot, those to pick and those that are picked."""
        work = fulfillment._get_work()
        done = moves.filtered(
            lambda move: move.state == "done" and not (move.move_orig_ids & moves)
        )
        rows = []
        for move in (work.first + done).sorted("id"):
            for lines in move.move_line_ids.grouped(lambda line: line._oms_get_spot()).values():
                rows.append(self._prepare_line(move, lines))
            missing = move._oms_get_unreserved()
            if missing:
                rows.append(
                    {**self._prepare_line(move, self.env["stock.move.line"]), "demand": missing}
                )
        rows += [
            self._prepare_given_back(line)
            for line in fulfillment.line_ids
            if line.quantity_rejected
        ]
        codes = self._get_barcodes([row["product"]["id"] for row in rows])
        for row in rows:
            row["product"]["barcodes"] = codes.get(row["product"]["id"], [])
        return rows

    @api.model
    def _prepare_line(self, move, lines):
        first = lines.filtered(lambda line: not line.picked)[:1] or lines[:1]
        place = first.location_id or move.location_id
        lot = first.lot_id
        picked = lines if move.state == "done" else lines.filtered("picked")
        unit = move.product_id.uom_id
        return {
            "id": move.oms_fulfillment_line_id.id,
            "move_id": move.id,
            "move_line_id": first.id or None,
            "product": self._prepare_product(move.product_id),
            "location": {
                "id": place.id,
                "name": place.display_name,
                "barcode": place.barcode or None,
            },
            "lot": {"id": lot.id, "name": lot.name} if lot else None,
            "package": first.package_id.name or None,
            "demand": unit.round(sum(lines.mapped("quantity_product_uom"))),
            "picked": unit.round(sum(picked.mapped("quantity_product_uom"))),
            "packed": unit.round(
                sum(picked.filtered("result_package_id").mapped("quantity_product_uom"))
            ),
            "uom": unit.name,
            "rounding": unit.rounding,
            "short": 0.0,
        }

    @api.model
    def _prepare_given_back(self, line):
        """Return goods that the site gave back."""
        unit = line.uom_id
        return {
            "id": line.id,
            "move_id": None,
            "move_line_id": None,
            "product": self._prepare_product(line.product_id),
            "location": None,
            "lot": None,
            "package": None,
            "demand": 0.0,
            "picked": 0.0,
            "packed": 0.0,
            "uom": unit.name,
            "rounding": unit.rounding,
            "short": unit.round(line.quantity_rejected),
        }

    @api.model
    def _prepare_product(self, product):
        return {
            "id": product.id,
            "name": product.display_name,
            "code": product.default_code or None,
            "tracking": product.tracking if product.is_storable else "none",
            "image": f"/web/image/product.product/{product.id}/image_256",
        }

    @api.model
    def _get_barcodes(self, product_ids):
        """Return the barcodes of products and of their packagings by product id."""
        products = self.env["product.product"].sudo().browse(dict.fromkeys(product_ids))
        codes = {product.id: [product.barcode] if product.barcode else [] for product in products}
        for packaging in (
            self.env["product.uom"].sudo().search([("product_id", "in", products.ids)])
        ):
            codes[packaging.product_id.id].append(packaging.barcode)
        return codes

    # === PACKAGES AND LABELS === #

    @api.model
    def _prepare_packages(self, fulfillment, moves):
        """Return the packages into which goods were put, with what is in them."""
        parcels = fulfillment.picking_ids.oms_parcel_ids._filter_wanted()
        # Of several steps the last one tells.
        last = moves - moves.move_orig_ids
        packages = []
        for package, lines in last.move_line_ids.grouped("result_package_id").items():
            if not package:
                continue
            parcel = parcels.filtered(lambda parcel, package=package: parcel.package_id == package)
            packages.append(
                {
                    "id": package.id,
                    "name": package.name,
                    "sscc": parcel[:1].sscc or (package.name if package.valid_sscc else None),
                    "weight": package.shipping_weight or package.weight,
                    "contents": [
                        {
                            "product": product.display_name,
                            "quantity": sum(of_product.mapped("quantity_product_uom")),
                            "uom": product.uom_id.name,
                        }
                        for product, of_product in lines.grouped("product_id").items()
                    ],
                }
            )
        return packages

    @api.model
    def _prepare_labels(self, fulfillment):
        """Return the labels that can be printed."""
        return [
            {
                "parcel_id": parcel.id,
                "tracking": parcel.tracking_number or None,
                "url": f"/web/content/{parcel.label_id.id}?download=true"
                if parcel.label_id
                else None,
                "format": (parcel.label_id.name or "").rpartition(".")[2].lower() or None,
                "state": parcel.state,
            }
            for parcel in fulfillment.picking_ids.oms_parcel_ids._filter_wanted()
        ]

    # === WHAT CAN BE DONE === #

    @api.model
    def _prepare_reasons(self):
        reasons = self.env["oms.reject.reason"].search_fetch(
            [("offered", "=", True)], ["name", "stock_effect"]
        )
        effects = dict(reasons._fields["stock_effect"]._description_selection(self.env))
        return [
            {"id": reason.id, "name": reason.name, "effect": effects[reason.stock_effect]}
            for reason in reasons
        ]

    @api.model
    def _get_actions(self, fulfillment):
        """Tell what can be done next.

        :return: whether it can, by kind of operation
        :rtype: dict[str, bool]
        """
        state, work = fulfillment.work_state, fulfillment._get_work()
        accepted = bool(state and state != "todo")
        return {
            "accept": state == "todo",
            "reject": bool(state),
            "pick": accepted and not fulfillment.picked_at,
            "pack": accepted and bool(fulfillment._get_lines_to_pack()),
            "label": accepted and fulfillment._can_ask_for_labels(work),
            "ready": state in ("picked", "packed"),
            "hand_over": state in ("picked", "packed", "ready"),
        }

    @api.model
    def _prepare_events(self, domain):
        """Tell what was done last to something that the user may read.

        :param list domain: of ``oms.scan``
        :rtype: list[dict]
        """
        # sudo: of what the user may read, what was done to it
        scans = (
            self.env["oms.scan"]
            .sudo()
            .search_fetch(
                domain,
                ["moment", "message", "kind", "user_id", "outcome"],
                limit=EVENTS_SHOWN,
            )
        )
        return [
            {
                "at": to_text(scan.moment),
                "text": scan.message or scan.kind,
                "user": scan.user_id.name,
                "outcome": scan.outcome,
            }
            for scan in scans
        ]
