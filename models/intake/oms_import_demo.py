import csv
import datetime
import io
from pathlib import Path

from odoo import api, fields, models

from .oms_import_replay import Report

FOLDER = Path(__file__).parents[2] / "demo"
ORDERS_FILE = "demo_orders.csv"
#: Orders that an installation with demo data gets; ``bin/demo`` loads all.
FEW_ORDERS = 40
#: Orders older than this have left their sites.
SHIPPED_DAYS = 6
SUPPLIERS = (
    ("CERA", "Céramiques du Berry", "18000", "Bourges", 47.0810, 2.3988, ("TAB-00", "DEC-00")),
    ("FOND", "Fonderie Vosgienne", "88000", "Épinal", 48.1729, 6.4499, ("CUI-00", "JAR-00")),
)
NETWORKS = {"Warehouses": ("warehouse",), "Stores": ("store",), "All Sites": ("warehouse", "store")}
CHANNELS = (
    ("WEB", "Web Shop", "All Sites"),
    ("MARKET", "Marketplace", "Warehouses"),
    ("PHONE", "Stores and Telephone", "Stores"),
)


class OmsImportDemo(models.AbstractModel):
    """Builds the network of a French retailer out of the files in the folder ``demo``."""

    _name = "oms.import.demo"
    _description = "Demo Network"

    def _load(self, order_limit, report):
        """Build the network and import its files.

        :param int order_limit: how many orders; zero for all
        :param Report report: takes progress and errors
        :return: see ``oms.import._replay_files``
        :rtype: dict
        """
        replay = self.env["oms.import.replay"]
        self._set_company()
        networks = self._ensure_networks()
        for kind, options in (("products", {}), ("sites", {"network_id": networks[-1].id})):
            replay._run(kind, self._read(f"{kind}.csv"), options, report)
        self._fill_networks(networks)
        channels = self._ensure_channels(networks)
        if not self._is_loaded():
            self._put_away_first_warehouse()
            self._ensure_suppliers()
            self._ensure_users()
            self._open_stores(channels)
            replay._run("stock", self._read("stock.csv"), {}, report)
            options = {"confirm_orders": True, "confirm_batch": 1, "order_limit": order_limit}
            replay._run("orders", (ORDERS_FILE, self._date_orders()), options, report)
            self._ship(channels)
            self._hand_to_carrier(channels)
            self._surround_stock()
            report.commit()
        return replay._summarize(
            channels, report.errors, lambda decision, _parcels: decision.cost + decision.penalty
        )

    def _read(self, name):
        return f"demo_{name}", (FOLDER / name).read_bytes()

    def _is_loaded(self):
        """Tell whether the orders came earlier; their dates depend on the day they come."""
        return bool(
            self.env["oms.import"].search_count(
                [
                    ("file_name", "=", ORDERS_FILE),
                    ("state", "=", "done"),
                    ("company_id", "=", self.env.company.id),
                ],
                limit=1,
            )
        )

    def _set_company(self):
        """Move the company to France, unless it has been used already."""
        company = self.env.company
        euro = self.env.ref("base.EUR")
        used = self.env["account.move"].search_count([], limit=1)
        if used or self.env["sale.order"].search_count([("company_id", "=", company.id)], limit=1):
            return
        company.partner_id.write(
            {
                "name": "Maison Lumen",
                "street": "12 rue du Ruisseau",
                "zip": "38070",
                "city": "Saint-Quentin-Fallavier",
                "state_id": False,
                "country_id": self.env.ref("base.fr").id,
            }
        )
        if company.currency_id != euro:
            company.currency_id = euro
        self._set_strategy_currency(euro)

    def _set_strategy_currency(self, currency):
        """Have the strategies that come with the addon count in a currency, unless used before."""
        data = self.env["ir.model.data"].search(
            [("module", "=", "oms"), ("model", "=", "oms.strategy")]
        )
        strategies = self.env["oms.strategy"].browse(data.mapped("res_id")).exists()
        used = self.env["oms.decision"]._read_group(
            [("strategy_id", "in", strategies.ids)], aggregates=["strategy_id:recordset"]
        )[0][0]
        # They were made in the currency that the company had when the addon was installed.
        (strategies - used).currency_id = currency

    def _ensure_networks(self):
        Network = self.env["oms.network"]
        company = self.env.company
        for sequence, name in enumerate(NETWORKS):
            if not Network.search_count([("name", "=", name), ("company_id", "=", company.id)]):
                Network.create({"name": name, "company_id": company.id, "sequence": sequence})
        return Network.search([("name", "in", list(NETWORKS)), ("company_id", "=", company.id)])

    def _fill_networks(self, networks):
        sites = networks.filtered(lambda network: network.name == "All Sites").site_ids
        for network in networks:
            kinds = NETWORKS[network.name]
            network.site_ids = sites.filtered(lambda site, kinds=kinds: site.kind in kinds)

    def _ensure_channels(self, networks):
        Channel = self.env["oms.channel"]
        company = self.env.company
        has_default = Channel.search_count(
            [("is_default", "=", True), ("company_id", "=", company.id)]
        )
        channels = Channel
        for code, name, network in CHANNELS:
            domain = [("code", "=", code), ("company_id", "=", company.id)]
            channels |= Channel.search(domain) or Channel.create(
                {
                    "code": code,
                    "name": name,
                    "company_id": company.id,
                    "is_default": code == "WEB" and not has_default,
                    "network_ids": networks.filtered(lambda n, name=network: n.name == name).ids,
                }
            )
        return channels

    def _put_away_first_warehouse(self):
        """Archive the warehouse that each new company gets, if nobody has used it."""
        warehouse = self.env["stock.warehouse"].search(
            [("code", "=", "WH"), ("company_id", "=", self.env.company.id)]
        )
        locations = ("location_id.warehouse_id", "in", warehouse.ids)
        if warehouse and not self.env["stock.quant"].search_count([locations], limit=1):
            warehouse.active = False

    def _ensure_suppliers(self):
        """Make the suppliers with their sites, and have them supply some of the products."""
        Partner = self.env["res.partner"]
        for reference, name, code, city, latitude, longitude, prefixes in SUPPLIERS:
            supplier = Partner.search([("ref", "=", reference)], limit=1) or Partner.create(
                {
                    "ref": reference,
                    "name": name,
                    "is_company": True,
                    "supplier_rank": 1,
                    "zip": code,
                    "city": city,
                    "country_id": self.env.ref("base.fr").id,
                    "partner_latitude": latitude,
                    "partner_longitude": longitude,
                }
            )
            supplier._oms_ensure_supplier_site(self.env.company)
            for prefix in prefixes:
                products = self.env["product.product"].search(
                    [("default_code", "=like", f"{prefix}%"), ("seller_ids", "=", False)]
                )
                self.env["product.supplierinfo"].create(
                    [
                        {
                            "partner_id": supplier.id,
                            "product_tmpl_id": product.product_tmpl_id.id,
                            "price": product.standard_price,
                            "delay": 5,
                        }
                        for product in products
                    ]
                )

    def _ensure_users(self):
        """Make an order operator, and the operator of one store; passwords are the logins."""
        Users = self.env["res.users"].with_context(no_reset_password=True, active_test=False)
        for login, name, group in (
            ("operator", "Olivia Orders", "oms.group_order_operator"),
            ("clerk", "Claude Clerk", "oms.group_site_operator"),
        ):
            if Users.search_count([("login", "=", login)]):
                continue
            user = Users.create(
                {
                    "login": login,
                    "password": login,
                    "name": name,
                    "company_id": self.env.company.id,
                    "company_ids": self.env.company.ids,
                    "group_ids": [
                        fields.Command.link(self.env.ref(xmlid).id)
                        for xmlid in ("base.group_user", group)
                    ],
                }
            )
            if login == "clerk":
                self.env["oms.site"].search([("code", "=", "PARIS")]).user_ids |= user

    def _date_orders(self):
        """Turn the days before today of the orders file into dates.

        :return: the file with a column ``order_date``
        :rtype: bytes
        """
        today = fields.Date.context_today(self)
        now = fields.Datetime.now()
        stream = io.StringIO(newline="")
        writer = None
        with open(FOLDER / "orders.csv", newline="", encoding="utf-8") as source:
            for row in csv.DictReader(source):
                day = today + datetime.timedelta(days=int(row.pop("day")))
                time = datetime.time.fromisoformat(row.pop("time"))
                moment = min(datetime.datetime.combine(day, time), now)
                row["order_date"] = moment.isoformat(sep=" ", timespec="minutes")
                if writer is None:
                    writer = csv.DictWriter(stream, list(row))
                    writer.writeheader()
                writer.writerow(row)
        return stream.getvalue().encode()

    def _ship(self, channels):
        """Ship what was ordered some days ago and is complete at its site."""
        limit = fields.Datetime.now() - datetime.timedelta(days=SHIPPED_DAYS)
        pickings = self.env["stock.picking"].search(
            [
                ("oms_fulfillment_id.channel_id", "in", channels.ids),
                ("sale_id.date_order", "<", limit),
                ("state", "=", "assigned"),
            ]
        )
        pickings.move_ids.picked = True
        pickings.with_context(tracking_disable=True)._action_done()


class OmsImport(models.Model):
    _inherit = "oms.import"

    @api.model
    def _load_demo_network(self, progress=None):
        """Load the whole demo network; a second call changes nothing.

        :param progress: called as ``progress(done, total, text)`` after each chunk
        :return: see :meth:`_replay_files`; cost and penalty are the strategy's own
        :rtype: dict
        """
        report = Report(progress, self.env["ir.cron"]._commit_progress)
        demo = self.env["oms.import.demo"]
        result = demo._load(0, report)
        if order := demo._walk_road(report):
            result["road"] = order.name
        return result

    @api.model
    def _load_demo_data(self):
        """Load the demo network with a few orders, within the transaction of an installation."""
        self.env["oms.import.demo"]._load(FEW_ORDERS, Report(None, lambda: None))
