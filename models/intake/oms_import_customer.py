from odoo import models
from odoo.tools import SQL
from odoo.tools.sql import escape_psql

from ..geo.place import GOOD


def _has_place(vals):
    return bool(vals["partner_latitude"] or vals["partner_longitude"])


class OmsImportCustomers(models.AbstractModel):
    """Finds or makes the customers and delivery addresses of imported orders."""

    _name = "oms.import.customers"
    _description = "Customers of Imported Orders"

    def _find_or_create(self, company, pairs, countries):
        """Return the customer and the delivery address of each order.

        A customer is known by channel and number, in the partner's reference; its first address
        stands on the customer, each further one on a contact of it. Equal addresses are used
        again. Who has no number is known by the mail address, also if the company met the
        customer elsewhere; who has neither is a guest. All guests of a channel are one customer,
        with a contact for each address, so that they do not flood the list of customers.

        :param res.company company: company of the orders
        :param list pairs: (``oms.channel``, ``Buyer``) of each order
        :param dict countries: ``res.country`` by what the buyers call it
        :return: (customer, address) of each order
        :rtype: list[tuple]
        """
        # sudo: whoever may import orders brings their customers; salespeople cannot make partners
        Partner = self.env["res.partner"].sudo().with_context(tracking_disable=True)
        address_vals = self._prepare_addresses(company, [buyer for _c, buyer in pairs], countries)
        references = [self._get_reference(*pair) for pair in pairs]
        found = Partner.search(
            [("ref", "in", references), ("company_id", "in", (False, company.id))], order="id desc"
        )
        customers = {partner.ref: partner for partner in found}
        by_mail = self._find_by_mail(company, [buyer.match_mail for _channel, buyer in pairs])
        by_phone = self._find_by_phone(company, [buyer.match_phone for _channel, buyer in pairs])
        missing = {}
        for reference, (channel, buyer), vals in zip(references, pairs, address_vals, strict=True):
            if buyer.partner_id:
                customers[reference] = Partner.browse(buyer.partner_id)
            elif reference not in customers and buyer.match_mail in by_mail:
                customers[reference] = by_mail[buyer.match_mail]
            elif reference not in customers and (
                known := self._choose_by_name(by_phone.get(buyer.match_phone), buyer.name)
            ):
                customers[reference] = known
            elif reference not in customers:
                missing.setdefault(
                    reference,
                    {
                        "ref": reference,
                        "company_id": company.id,
                        **self._prepare_customer(channel, buyer, vals),
                    },
                )
        customers.update(zip(missing, self._create(Partner, missing), strict=True))
        wanted = [
            {**vals, "name": buyer.delivery_name or customers[reference].name}
            for reference, (_channel, buyer), vals in zip(
                references, pairs, address_vals, strict=True
            )
        ]
        addresses = self._find_addresses(Partner.union(*customers.values()), wanted)
        new = {}
        keys = []
        for reference, (_channel, buyer), vals in zip(references, pairs, wanted, strict=True):
            customer = customers[reference]
            key = (customer.id, *self._get_key(vals))
            keys.append(key)
            if key not in addresses and key not in new:
                new[key] = {
                    "parent_id": customer.id,
                    "type": "delivery",
                    "company_id": company.id,
                    "phone": buyer.phone or False,
                    **vals,
                }
        addresses.update(zip(new, self._create(Partner, new), strict=True))
        return [
            (customers[reference].sudo(False), addresses[key].sudo(False))
            for reference, key in zip(references, keys, strict=True)
        ]

    def _find_or_create_address(self, company, customer, buyer, countries, reached=False):
        """Return an address of a customer, made if there is none like it.

        :param res.company company: company of the order
        :param customer: ``res.partner``
        :param Buyer buyer: name, address and how the customer is reached there
        :param dict countries: ``res.country`` by what the buyer calls it
        :param bool reached: whether mail address and phone must be the buyer's, too
        :rtype: res.partner
        """
        # sudo: see _find_or_create
        Partner = self.env["res.partner"].sudo().with_context(tracking_disable=True)
        [vals] = self._prepare_addresses(company, [buyer], countries)
        vals["name"] = buyer.delivery_name or customer.name
        customer = Partner.browse(customer.id)
        contact = {"email": buyer.email or False, "phone": buyer.phone or False}
        if not reached:
            found = self._find_addresses(customer, [vals]).get((customer.id, *self._get_key(vals)))
        else:
            same = [(name, "=", value) for name, value in {"name": vals["name"], **contact}.items()]
            known = Partner.search(
                [("parent_id", "=", customer.id), ("type", "=", "delivery"), *same]
            )
            known |= customer.filtered_domain(same)
            found = next(
                (each for each in known if self._read_key(each) == self._get_key(vals)), None
            )
        if found:
            return found.sudo(False)
        new = {
            "parent_id": customer.id,
            "type": "delivery",
            "company_id": company.id,
            **vals,
            **contact,
        }
        return self._create(Partner, {None: new}).sudo(False)

    def _create(self, Partner, vals_by_key):
        """Create partners; those without coordinates are placed by their postcodes.

        :rtype: res.partner
        """
        vals_list = list(vals_by_key.values())
        lost = [vals for vals in vals_list if vals.get("country_id") and not _has_place(vals)]
        codes = self.env["res.country"].browse([vals["country_id"] for vals in lost])
        found = self.env["oms.geo.postcode"]._find_places(
            [
                (country.code, vals["zip"], vals["city"])
                for country, vals in zip(codes, lost, strict=True)
            ]
        )
        for vals, place in zip(lost, found, strict=True):
            if place and place.precision in GOOD:
                vals.update(place.as_partner_vals())
        return Partner.create(vals_list)

    def _get_reference(self, channel, buyer):
        """Return by what a customer of a channel is known."""
        return f"{channel.code}:{buyer.known_as}"

    def _get_unknown(self, company, references):
        """Return those of some references by which no customer is known yet.

        :param set references: as :meth:`_get_reference` returns them
        :rtype: set
        """
        # sudo: see _find_or_create
        found = (
            self.env["res.partner"]
            .sudo()
            .search(
                [("ref", "in", list(references)), ("company_id", "in", (False, company.id))],
            )
        )
        return references - set(found.mapped("ref"))

    def _prepare_customer(self, channel, buyer, address):
        """Return the values of a new customer."""
        if buyer.is_guest:
            return {"name": self.env._("Guests of %s", channel.name)}
        return {
            "name": buyer.name or buyer.known_as,
            "email": buyer.email or False,
            "phone": buyer.phone or False,
            **address,
        }

    def _find_by_mail(self, company, addresses):
        """Return customers by normalized mail address, the oldest of each.

        :rtype: dict[str, models.Model]
        """
        wanted = list({address for address in addresses if address})
        if not wanted:
            return {}
        # sudo: see _find_or_create
        found = (
            self.env["res.partner"]
            .sudo()
            .search(
                [
                    ("email_normalized", "in", wanted),
                    ("parent_id", "=", False),
                    ("company_id", "in", (False, company.id)),
                ],
                order="id desc",
            )
        )
        found -= self._find_no_customers(found)
        return {partner.email_normalized: partner for partner in found}

    def _get_phone_key(self, number, country):
        """Return a telephone number as it is compared: people write it in many ways.

        :param str number: as it was typed
        :param country: ``res.country`` in which a number without country code is dialled
        :return: its digits, with the country code where that can be told; '' if there are none
        :rtype: str
        """
        number = (number or "").strip()
        if not any(sign.isdigit() for sign in number):
            return ""
        Partner = self.env["res.partner"]
        # Odoo's module for telephone numbers, or the library that it asks, need not be installed.
        known = "phone_sanitized" in Partner._fields and Partner._phone_format(
            number=number, country=country
        )
        return "".join(sign for sign in known or number if sign.isdigit())

    def _find_by_phone(self, company, keys):
        """Return customers by telephone number, see :meth:`_get_phone_key`, the oldest first.

        :rtype: dict[str, models.Model]
        """
        wanted = list({key for key in keys if key})
        if not wanted:
            return {}
        # sudo: see _find_or_create
        Partner = self.env["res.partner"].sudo()
        names = [name for name in ("phone_sanitized", "phone") if name in Partner._fields]
        Partner.flush_model(names)
        digits = SQL(
            "regexp_replace(COALESCE(%s), '[^0-9]', '', 'g')",
            SQL(", ").join(map(SQL.identifier, names)),
        )
        rows = self.env.execute_query(
            SQL(
                "SELECT id, %(digits)s FROM res_partner WHERE active AND parent_id IS NULL "
                "AND phone IS NOT NULL AND %(digits)s = ANY(%(wanted)s)",
                digits=digits,
                wanted=wanted,
            )
        )
        keys_by_id = dict(rows)
        found = Partner.search(
            [("id", "in", list(keys_by_id)), ("company_id", "in", (False, company.id))], order="id"
        )
        found -= self._find_no_customers(found)
        return found.grouped(lambda partner: keys_by_id[partner.id])

    def _choose_by_name(self, partners, name):
        """Return who of some partners is meant: families share a telephone.

        :param partners: ``res.partner`` recordset, or None
        :return: the one with the name; else the only one; empty if that does not tell
        """
        if not partners:
            return self.env["res.partner"]
        name = " ".join(name.casefold().split())
        same = partners.filtered(
            lambda partner: " ".join((partner.name or "").casefold().split()) == name
        )
        return same[:1] or (partners if len(partners) == 1 else partners.browse())

    def _find_no_customers(self, partners):
        """Return those of some partners who are no customers of the company's channels.

        Who types the mail address of a shop, of a colleague or of a supplier into an order does
        not become it. A supplier who has bought something is a customer, too.

        :param partners: ``res.partner`` recordset, as superuser
        """
        partners = partners.with_context(active_test=False)
        own = partners.env["res.company"].search([("partner_id", "in", partners.ids)]).partner_id
        own |= (
            partners.env["stock.warehouse"].search([("partner_id", "in", partners.ids)]).partner_id
        )
        staff = partners.filtered(lambda partner: any(not user.share for user in partner.user_ids))
        others = partners - own - staff
        sellers = partners.env["product.supplierinfo"].search([("partner_id", "in", others.ids)])
        suppliers = others.filtered(
            lambda partner: (
                (partner.supplier_rank or partner in sellers.partner_id)
                and not partner.customer_rank
            )
        )
        buyers = partners.env["sale.order"].search([("partner_id", "in", suppliers.ids)]).partner_id
        return (partners & own) | staff | (suppliers - buyers)

    def _prepare_addresses(self, company, buyers, countries):
        """Return the partner values of each buyer's address."""
        states = {}
        result = []
        for buyer in buyers:
            address = buyer.address
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
        text = escape_psql(text)
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
            *(vals[name] or "" for name in ("name", "street", "zip", "city")),
            vals["state_id"] or 0,
            vals["country_id"] or 0,
            round(vals["partner_latitude"], 5),
            round(vals["partner_longitude"], 5),
        )

    def _read_key(self, partner):
        """Return what makes the address of a partner the same as another."""
        names = (
            "name", "street", "zip", "city", "state_id", "country_id", "partner_latitude",
            "partner_longitude",
        )  # fmt: skip
        vals = {name: partner[name].id if name.endswith("_id") else partner[name] for name in names}
        if partner.oms_place_precision:
            # The coordinates follow from the rest: the channel gave none.
            vals.update(partner_latitude=0.0, partner_longitude=0.0)
        return self._get_key(vals)

    def _find_addresses(self, customers, wanted):
        """Return the addresses of the customers by customer and content.

        Only those that may be among the wanted ones: guests have as many as there were orders.

        :param customers: ``res.partner`` recordset
        :param list wanted: values of addresses
        :rtype: dict
        """
        contacts = customers.search(
            [
                ("parent_id", "in", customers.ids),
                ("type", "=", "delivery"),
                ("name", "in", list({vals["name"] for vals in wanted})),
                ("zip", "in", list({vals["zip"] for vals in wanted})),
            ]
        )
        addresses = {}
        for partner in contacts.sorted("id", reverse=True) | customers:
            customer = partner.parent_id if partner in contacts else partner
            addresses[(customer.id, *self._read_key(partner))] = partner
        return addresses
