from odoo import api, models
from odoo.fields import Domain
from odoo.tools import escape_psql

#: Products and customers that one search tells.
MOST_FOUND = 20
#: Letters of a customer's name that have to be known: nobody looks through all customers.
LEAST_LETTERS = 3
#: Digits that a telephone number has at least.
LEAST_DIGITS = 6


class OmsStoreOrder(models.AbstractModel):
    """What sellers look for: goods, and who buys them."""

    _inherit = "oms.store.order"

    @api.model
    def find_products(self, site_id, text):
        """Find goods by barcode, internal reference or name.

        :param int site_id: ``oms.site``
        :param str text: what was scanned or typed
        :return: ``exact``: whether the text is the code of the one product that was found;
            ``products`` with ``code``, ``name``, ``price``, ``unit``, ``rounding``, ``image``,
            ``here`` (what the site has for the channel) and ``available`` (what all its sites
            have; null for goods without limit)
        :rtype: dict
        """
        counter, text = self._enter(site_id), (text or "").strip()[:128]
        if not text:
            return {"exact": False, "products": []}
        found = counter.api._find_products([text]).get(text)
        exact = bool(found and found.sale_ok)
        products = found if exact else self._search_products(counter, text)
        codes = {counter.api._tell_product(each): each for each in products}
        stock = counter.api._get_availability(counter.channel, codes, by_site=True)
        return {
            "exact": exact,
            "products": [
                self._tell_found(counter, code, product, stock.get(code))
                for code, product in codes.items()
            ],
        }

    @api.model
    def _search_products(self, counter, text):
        Product = counter.api.env["product.product"]
        domain = Domain("sale_ok", "=", True) & Domain(
            "company_id", "in", [False, counter.channel.company_id.id]
        )
        # What has no code of its own cannot be ordered over the API.
        domain &= Domain("default_code", "!=", False) | Domain("barcode", "!=", False)
        words = Domain.AND(Domain("name", "ilike", word) for word in text.split()[:5])
        words |= Domain("default_code", "=ilike", f"{text}%")
        return Product.search(domain & words, limit=MOST_FOUND)

    @api.model
    def _tell_found(self, counter, code, product, stock):
        company = counter.channel.company_id
        price = product.currency_id._convert(product.lst_price, company.currency_id, company)
        sites = {each["site"]: each["available"] for each in (stock or {}).get("sites") or ()}
        return {
            "code": code,
            "name": product.name,
            "variant": product.product_template_attribute_value_ids._get_combination_name(),
            "price": company.currency_id.round(price),
            "unit": product.uom_id.name,
            "rounding": product.uom_id.rounding,
            "image": f"/web/image/product.product/{product.id}/image_128",
            "here": sites.get(counter.site.code, 0.0) if stock else 0.0,
            "available": stock["available"] if stock else 0.0,
            "is_stocked": product.is_storable,
        }

    @api.model
    def find_customers(self, site_id, text):
        """Find customers by name, mail, telephone or number.

        :param int site_id: ``oms.site``
        :param str text: with at least three letters or digits
        :return: ``name``, ``email``, ``phone`` and the address of each
        :rtype: list[dict]
        """
        counter, text = self._enter(site_id), (text or "").strip()[:128]
        # Signs that stand for any letter are none of a name.
        if sum(sign.isalnum() for sign in text) < LEAST_LETTERS:
            return []
        pattern = escape_psql(text)
        domain = Domain.OR(
            [
                Domain("name", "ilike", pattern),
                Domain("email_normalized", "=", text.lower()),
                Domain("phone", "ilike", pattern),
                Domain("id", "in", self._find_ids_by_phone(counter, text)),
                Domain("ref", "=", text),
            ]
        )
        return [
            {
                "id": partner.id,
                "name": partner.name or "",
                "email": partner.email or "",
                "phone": partner.phone or "",
                "street": partner.street or "",
                "zip": partner.zip or "",
                "city": partner.city or "",
                "country": partner.country_id.code or "",
            }
            for partner in self._search_customers(counter, domain)
        ]

    @api.model
    def _search_customers(self, counter, domain):
        """Return the customers whom a seller may know, those first whom Odoo tells first."""
        domain &= Domain("company_id", "in", [False, counter.channel.company_id.id])
        # Colleagues are no customers.
        domain &= Domain("type", "=", "contact") & Domain("partner_share", "=", True)
        return counter.api.env["res.partner"].search(domain, limit=MOST_FOUND)

    @api.model
    def _find_ids_by_phone(self, counter, text):
        """Return the ids of customers whose telephone number is the text, however it is written."""
        customers = counter.api.env["oms.import.customers"]
        company = counter.channel.company_id
        country = counter.site.partner_id.country_id or company.country_id
        key = customers._get_phone_key(text, country)
        # A few digits, or letters among them, are no number.
        if len(key) < LEAST_DIGITS or any(sign.isalpha() for sign in text):
            return []
        return customers._find_by_phone(company, [key]).get(key, self.env["res.partner"]).ids
