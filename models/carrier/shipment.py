"""What is in a transfer, in the words of carriers."""

import re

from odoo import fields, models
from odoo.exceptions import UserError

from ...connectors.carrier import Address, Commodity, Parcel, Shipment

_HOUSE = re.compile(r"^(?P<street>.*\D)\s+(?P<number>\d+\s?[a-zA-Z]?)$")
#: Countries in which the number of the house comes before the street, and so belongs to it.
_NUMBER_FIRST = ("AU", "CA", "FR", "GB", "IE", "LU", "NZ", "US")


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _oms_prepare_shipment(self, account, reference, ssccs):
        """Put a transfer into the words of carriers.

        :param account: ``oms.carrier.account``
        :param str reference: by which the carrier knows it
        :param dict ssccs: SSCC by reference of a parcel
        :rtype: connectors.carrier.Shipment
        :raises UserError: something is missing that every carrier needs
        """
        self.ensure_one()
        parcels = self._oms_prepare_parcels(ssccs)
        if not parcels:
            raise UserError(self.env._("%s has nothing in it to be sent.", self.name))
        day = fields.Datetime.context_timestamp(
            self.with_context(tz=self.oms_site_id.tz or self.env.user.tz), fields.Datetime.now()
        ).date()
        return Shipment(
            reference=reference,
            sender=self._oms_prepare_address(self._oms_get_sender()),
            receiver=self._oms_prepare_address(self._oms_get_receiver()),
            parcels=tuple(parcels),
            service=self.carrier_id.oms_service_code or "",
            ship_date=day,
            label_format=account._get_label_format(),
            pickup_point=self._oms_get_pickup_point(),
            order_number=self.sale_id.name or self.origin or self.name,
            pickup_address=self._oms_prepare_pickup_address(),
        )

    def _oms_get_sender(self):
        """Return the address of the site, or the company's where that is not complete."""
        candidates = (
            self.oms_site_id.partner_id,
            self.picking_type_id.warehouse_id.partner_id,
            self.company_id.partner_id,
        )
        complete = (
            partner
            for partner in candidates
            if partner.street and partner.city and partner.country_id
        )
        return next(complete, candidates[-1])

    def _oms_prepare_address(self, partner):
        missing = [
            self.env._(partner._fields[name]._description_string(self.env))
            for name in ("street", "city", "country_id")
            if not partner[name]
        ]
        if missing:
            raise UserError(
                self.env._(
                    "The address of %(partner)s is not complete: %(missing)s.",
                    partner=partner.display_name,
                    missing=", ".join(missing),
                )
            )
        country = partner.country_id.code
        street, number = self._oms_split_street(partner.street, country)
        company = partner.commercial_company_name or ""
        return Address(
            name=partner.name or company,
            street=street,
            house_number=number,
            street2=partner.street2 or "",
            zip=partner.zip or "",
            city=partner.city,
            state=partner.state_id.code or "",
            country=country,
            company=company if company != partner.name else "",
            phone=partner.phone or "",
            email=partner.email or "",
        )

    def _oms_split_street(self, street, country):
        """Return a street and the number of the house, where the number can be told."""
        if country in _NUMBER_FIRST:
            return street, ""
        found = _HOUSE.match(street.strip())
        if not found:
            return street, ""
        return found["street"].strip().rstrip(","), found["number"]

    def _oms_prepare_parcels(self, ssccs):
        """Return a parcel for each package, and one for what is in none.

        :raises UserError: a parcel weighs nothing
        """
        self.ensure_one()
        lines = self.move_line_ids.filtered(lambda line: line.quantity and line.state != "cancel")
        parcels = []
        for package in lines.result_package_id:
            inside = lines.filtered(lambda line, package=package: line.result_package_id == package)
            kind = package.package_type_id
            sides = (kind.packaging_length, kind.width, kind.height)
            weight = package.shipping_weight or package.weight or self._oms_weigh(inside, kind)
            parcels.append(self._oms_prepare_parcel(package.name, inside, weight, sides, ssccs))
        if loose := lines.filtered(lambda line: not line.result_package_id):
            weight = self._oms_weigh(loose, self.env["stock.package.type"])
            parcels.append(self._oms_prepare_parcel(self.name, loose, weight, (), ssccs))
        return parcels

    def _oms_prepare_parcel(self, reference, lines, weight, sides, ssccs):
        kilograms = self._oms_in_kilograms(weight)
        if kilograms <= 0:
            raise UserError(
                self.env._(
                    "Nobody knows what %s weighs. Give its products a weight, or weigh it.",
                    reference,
                )
            )
        return Parcel(
            reference,
            kilograms,
            tuple(sides) if sides and all(sides) else None,
            ssccs.get(reference, ""),
            tuple(self._oms_prepare_commodity(line) for line in lines),
        )

    def _oms_weigh(self, lines, kind):
        return kind.base_weight + sum(
            line.quantity_product_uom * line.product_id.weight for line in lines
        )

    def _oms_in_kilograms(self, weight):
        unit = self.env["product.template"]._get_weight_uom_id_from_ir_config_parameter()
        return unit._compute_quantity(weight, self.env.ref("uom.product_uom_kgm"), round=False)

    def _oms_prepare_commodity(self, line):
        product, order_line = line.product_id, line.move_id.sale_line_id
        company = self.company_id
        value = product.lst_price
        if order_line and order_line.product_uom_qty:
            price = order_line.price_reduce_taxexcl
            value = order_line.currency_id._convert(
                order_line.product_uom_id._compute_price(price, product.uom_id),
                company.currency_id,
                company,
                order_line.order_id.date_order or fields.Date.today(),
            )
        return Commodity(
            description=product.name or "",
            quantity=line.quantity_product_uom,
            weight=self._oms_in_kilograms(product.weight),
            value=max(value, 0.0),
            currency=company.currency_id.name,
            sku=product.default_code or "",
            hs_code=(product.hs_code or "").replace(".", "").replace(" ", ""),
            origin_country=product.country_of_origin.code or "",
        )
