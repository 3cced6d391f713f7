"""Makes a small shop in a database: two channels with goods, keys, and things to keep secret.

Usage: fill_shop.py CONFIG DATABASE RESULT

RESULT gets a JSON object with what the tests have to know. Everything is committed.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

import odoo.modules.registry
from odoo import SUPERUSER_ID, Command, api
from odoo.tools import config

PLACES = {
    "PARIS": ("Store in Paris", "75004", (48.8566, 2.3522)),
    "LYON": ("Store in Lyon", "69001", (45.7640, 4.8357)),
    "MAIN": ("Warehouse of the guide", "45000", (47.9029, 1.9093)),
    "STORE": ("Store of the guide", "69002", (45.7578, 4.8320)),
    "NICE": ("Store of the other channel", "06000", (43.7102, 7.2620)),
}
#: Reference, name, price.
GOODS = (("SKU-1", "Apple", 10.0), ("SKU-2", "Berry", 25.5), ("SKU-3", "Cherry", 3.2))
STOCK = 5000.0


class Shop:
    """Fills a database.

    :param env: of the superuser.
    """

    def __init__(self, env: Any) -> None:
        self.env = env
        self.country = env.ref("base.fr")
        self.secrets: list[str] = []

    def fill(self) -> dict[str, Any]:
        """Make everything; return what the tests have to know."""
        self.env.company.country_id = self.country
        sites = {code: self._make_site(code) for code in PLACES}
        goods = [self._make_product(*each) for each in GOODS]
        secret = self._make_product("HUSH-1", "Not for sale", 1.0, sale_ok=False)
        for product in [*goods, secret]:
            for site in sites.values():
                self.env["stock.quant"]._update_available_quantity(
                    product, site.warehouse_id.lot_stock_id, STOCK
                )
        self._make_method("Standard", "standard", 4.9)
        (sites["STORE"] + sites["PARIS"]).collects = True
        channels = {
            "WEB": self._make_channel("Web", "WEB", sites["PARIS"] + sites["LYON"]),
            # What other tests do to the stock must not show in what the examples print.
            "SHOP": self._make_channel("Shop", "SHOP", sites["MAIN"] + sites["STORE"]),
            "OTHER": self._make_channel("Other", "OTHER", sites["NICE"]),
            "SLOW": self._make_channel("Slow", "SLOW", sites["LYON"], call_limit=5),
        }
        return {
            "keys": {code: self._connect(channel) for code, channel in channels.items()},
            "people": {
                "employee": self._hire("employee", "base.group_user"),
                "manager": self._hire("manager", "oms.group_order_manager"),
            },
            "stock": STOCK,
            "models": sorted(self.env.registry),
            "methods": self._find_methods(),
            "secrets": self.secrets,
        }

    def _find_methods(self) -> dict[str, list[str]]:
        """Names of the public methods that the addon gave to models, but for the channel API."""
        found: dict[str, list[str]] = {}
        for name, model in self.env.items():
            names = {
                method
                for each in type(model).mro()
                if each.__module__.startswith("odoo.addons.oms.")
                for method, value in vars(each).items()
                if callable(value) and not method.startswith("_")
            }
            if names and name != "oms.api":
                found[name] = sorted(names)
        return found

    def _make_site(self, code: str) -> Any:
        name, postcode, (latitude, longitude) = PLACES[code]
        partner = self.env["res.partner"].create(
            {
                "name": name,
                "zip": postcode,
                "country_id": self.country.id,
                "partner_latitude": latitude,
                "partner_longitude": longitude,
            }
        )
        warehouse = self.env["stock.warehouse"].create(
            {"name": name, "code": code, "partner_id": partner.id}
        )
        return warehouse.oms_site_ids

    def _make_product(self, reference: str, name: str, price: float, **vals: Any) -> Any:
        return self.env["product.product"].create(
            {
                "name": name,
                "default_code": reference,
                "type": "consu",
                "is_storable": True,
                "list_price": price,
                "taxes_id": [Command.clear()],
                **vals,
            }
        )

    def _make_method(self, name: str, code: str, price: float) -> None:
        self.env["delivery.carrier"].search([]).active = False
        product = self.env["product.product"].create({"name": name, "type": "service"})
        self.env["delivery.carrier"].create(
            {
                "name": name,
                "oms_code": code,
                "delivery_type": "fixed",
                "product_id": product.id,
                "fixed_price": price,
            }
        )

    def _make_channel(self, name: str, code: str, sites: Any, **vals: Any) -> Any:
        network = self.env["oms.network"].create(
            {"name": name, "site_ids": [Command.set(sites.ids)]}
        )
        return self.env["oms.channel"].create(
            {"name": name, "code": code, "network_ids": [Command.set(network.ids)], **vals}
        )

    def _connect(self, channel: Any) -> dict[str, Any]:
        """Connect a system as people do, by the dialog of the channel."""
        known = channel.user_ids
        dialog = self.env["oms.channel.key"].create({"channel_id": channel.id, "name": "Server"})
        key = dialog.action_make()["context"]["oms_new_key"]
        user = channel.user_ids - known
        return self._tell(user, key)

    def _hire(self, login: str, group: str) -> dict[str, Any]:
        """Make a user with a role, and a key."""
        user = self.env["res.users"].create(
            {
                "name": login.title(),
                "login": login,
                "group_ids": [Command.set(self.env.ref(group).ids)],
            }
        )
        key = self.env["res.users.apikeys"].with_user(user).sudo()._generate("rpc", "test", None)
        return self._tell(user, key)

    def _tell(self, user: Any, key: str) -> dict[str, Any]:
        password = f"Pass-{user.id}-of-nobody-else"
        user.password = password
        self.secrets += [key, password]
        return {"login": user.login, "uid": user.id, "key": key, "password": password}


def main() -> None:
    """Fill, commit, write the result."""
    path, database, target = sys.argv[1:4]
    warnings.simplefilter("ignore")
    config.parse_config(["-c", path, "-d", database, "--log-level=warn"], setup_logging=True)
    registry = odoo.modules.registry.Registry(database)
    with registry.cursor() as cursor:
        facts = Shop(api.Environment(cursor, SUPERUSER_ID, {})).fill()
    with open(target, "w", encoding="utf-8") as sink:
        json.dump(facts, sink)


if __name__ == "__main__":
    main()
