from odoo import models


class OmsImportCustomers(models.AbstractModel):
    """Finds or makes the customers and delivery addresses of imported orders."""

    _name = "oms.import.customers"
    _description = "Customers of Imported Orders"

    def _find_or_create(self, company, pairs, countries):
        """Return the customer and the delivery address of each order.

        A customer is known by channel and number, in the partner's reference; its first address
        stands on the customer, each further one on a contact of it. Equal addresses are used
        again.

        :param res.company company: company of the orders
        :param list pairs: (channel, first row) of each order
        :param dict countries: ``res.country`` by what the rows call it
        :return: (customer, address) of each order
        :rtype: list[tuple]
        """
        # sudo: whoever may import orders brings their customers; salespeople cannot make partners
        Partner = self.env["res.partner"].sudo().with_context(tracking_disable=True)
        address_vals = self._prepare_addresses(company, [row for _c, row in pairs], countries)
        references = [f"{channel.code}:{row.customer_id or row.order_id}" for channel, row in pairs]
        found = Partner.search(
            [("ref", "in", references), ("company_id", "in", (False, company.id))], order="id desc"
        )
        customers = {partner.ref: partner for partner in found}
        missing = {}
        for reference, (_channel, row), vals in zip(references, pairs, address_vals, strict=True):
            if reference not in customers:
                name = row.name or row.customer_id or row.order_id
                missing.setdefault(
                    reference, {"ref": reference, "name": name, "company_id": company.id, **vals}
                )
        customers.update(zip(missing, Partner.create(list(missing.values())), strict=True))
        addresses = self._find_addresses(Partner.union(*customers.values()))
        new = {}
        keys = []
        for reference, (_channel, row), vals in zip(references, pairs, address_vals, strict=True):
            customer = customers[reference]
            key = (customer.id, *self._get_key(vals))
            keys.append(key)
            if key not in addresses and key not in new:
                new[key] = {
                    "parent_id": customer.id,
                    "type": "delivery",
                    "name": row.name or customer.name,
                    "company_id": company.id,
                    **vals,
                }
        addresses.update(zip(new, Partner.create(list(new.values())), strict=True))
        return [
            (customers[reference].sudo(False), addresses[key].sudo(False))
            for reference, key in zip(references, keys, strict=True)
        ]

    def _prepare_addresses(self, company, rows, countries):
        """Return the partner values of each row's address."""
        states = {}
        result = []
        for row in rows:
            address = row.address
            country = (address.country and countries[address.country]) or company.country_id
            key = (address.state, country.id)
            if key not in states:
                states[key] = self._find_state(address.state, country)
            result.append(
                {
                    "street": address.street or False,
                    "zip": address.zip or False,
                    "city": address.city or False,
                    "state_id": states[key].id,
                    "country_id": country.id,
                    "partner_latitude": address.lat or 0.0,
                    "partner_longitude": address.lng or 0.0,
                }
            )
        return result

    def _find_state(self, text, country):
        State = self.env["res.country.state"]
        if not text or not country:
            return State
        return State.search(
            [
                ("country_id", "=", country.id),
                "|",
                ("code", "=ilike", text),
                ("name", "=ilike", text),
            ],
            limit=1,
        )

    def _get_key(self, vals):
        """Return what makes two addresses of a customer the same."""
        return (
            *(vals[name] or "" for name in ("street", "zip", "city")),
            vals["state_id"] or 0,
            vals["country_id"] or 0,
            round(vals["partner_latitude"], 5),
            round(vals["partner_longitude"], 5),
        )

    def _find_addresses(self, customers):
        """Return the addresses of the customers by customer and content."""
        names = (
            "street", "zip", "city", "state_id", "country_id", "partner_latitude",
            "partner_longitude",
        )  # fmt: skip
        contacts = customers.child_ids.filtered(lambda contact: contact.type == "delivery")
        addresses = {}
        for partner in contacts.sorted("id", reverse=True) | customers:
            vals = {n: partner[n].id if n.endswith("_id") else partner[n] for n in names}
            customer = partner.parent_id if partner in contacts else partner
            addresses[(customer.id, *self._get_key(vals))] = partner
        return addresses
