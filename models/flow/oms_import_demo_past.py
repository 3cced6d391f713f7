import csv
import math
import random
from collections import Counter
from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from ..intake.oms_import_demo import FOLDER

#: Weeks of demand before the orders of the files, and the days that these are about.
PAST_WEEKS = 60
ORDER_DAYS = 12
#: Categories with a season, how strong it is, and the day of the year on which most is wanted.
SEASONS = {"Jardin": (0.6, 160), "Luminaires": (0.3, 345), "Décoration": (0.25, 345)}
WEEKDAYS = (0.8, 0.85, 0.95, 1.0, 1.1, 1.5, 0.8)
#: Product that came into the range some weeks ago, and one that was on offer.
NEWCOMER = ("DEC-004", 5)
OFFER = ("TEX-005", 20, 14, 2.5)
#: Wanted at a store that had none, days ago.
ASKED_FOR = (("PARIS", "LUM-008", 2, 3), ("NICE", "JAR-008", 1, 5), ("LILLE", "TEX-006", 1, 9))


class OmsImportDemo(models.AbstractModel):
    """What was wanted in the year before the orders of the demo network, and forecasts of it.

    The same every time, but for the dates: it is drawn from how much of each product the orders of
    the files ask for, and from where their customers live.
    """

    _inherit = "oms.import.demo"

    def _remember_demand(self):
        """Have a past of demand, a promotion in it, what nobody had, and forecasts."""
        company = self.env.company
        sites = self.env["oms.site"].search([("company_id", "=", company.id)])
        by_code = {
            "site": {site.code: site.id for site in sites},
            "product": {
                product.default_code: product.id for product in self._find_demo_products("")
            },
        }
        today = fields.Date.context_today(self)
        rows = [
            (by_code["product"][product], by_code["site"][site], day, quantity)
            for (day, product, site), quantity in self._draw_demand(today).items()
            if product in by_code["product"] and site in by_code["site"]
        ]
        self._write_demand(company, rows)
        self._make_offer(today)
        demand = self.env["oms.demand"]
        demand.create(
            [
                {
                    "site_id": by_code["site"][site],
                    "product_id": by_code["product"][product],
                    "quantity": quantity,
                    "day": today - timedelta(days=days),
                }
                for site, product, quantity, days in ASKED_FOR
            ]
        )
        now = fields.Datetime.now()
        demand._count(company, demand._find_changed_days(company, now))
        self.env["oms.forecast"]._forecast(company, now)

    def _draw_demand(self, today):
        """Return what was wanted in the weeks before the orders of the files.

        :param today: a date
        :return: units by day, code of the product and code of the site
        :rtype: collections.Counter
        """
        rng = random.Random(2026)
        products, sites = self._weigh_demand()
        codes, found = list(products), Counter()
        daily = sum(products.values()) / ORDER_DAYS
        for back in range(ORDER_DAYS, ORDER_DAYS + 7 * PAST_WEEKS):
            day = today - timedelta(days=back)
            weights = [
                weight * self._get_season(category, day) * self._get_fame(code, back)
                for code, (category, weight) in zip(
                    codes, self._with_categories(products), strict=True
                )
            ]
            scale = sum(weights) / sum(products.values()) * WEEKDAYS[day.weekday()]
            count = round(daily * scale * rng.uniform(0.8, 1.2))
            chosen = zip(
                rng.choices(codes, weights, k=count),
                rng.choices(list(sites), list(sites.values()), k=count),
                strict=True,
            )
            found.update((day, product, site) for product, site in chosen)
        return found

    def _read_rows(self, name):
        with open(FOLDER / name, newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream))

    def _with_categories(self, products):
        categories = {row["product_id"]: row["category"] for row in self._read_rows("products.csv")}
        return [(categories[code], weight) for code, weight in products.items()]

    def _weigh_demand(self):
        """Return how many units the files order of each product, and how many near each site."""
        places = [
            (row["site"], float(row["lat"]), float(row["lng"]))
            for row in self._read_rows("sites.csv")
        ]
        products, sites = Counter(), Counter()
        for row in self._read_rows("orders.csv"):
            here = float(row["lat"]), float(row["lng"])
            # Degrees are near enough to tell which of the towns of a country is the nearest.
            nearest = min(
                places,
                key=lambda place: math.hypot(place[1] - here[0], 0.7 * (place[2] - here[1])),
            )
            products[row["product_id"]] += int(row["quantity"])
            sites[nearest[0]] += int(row["quantity"])
        return products, sites

    def _get_season(self, category, day):
        """Return by which factor more is wanted of a category on a day."""
        strength, peak = SEASONS.get(category, (0.0, 0))
        return 1.0 + strength * math.cos(2 * math.pi * (day.timetuple().tm_yday - peak) / 365.25)

    def _get_fame(self, code, back):
        """Return by which factor more is wanted of a product some days ago."""
        product, weeks = NEWCOMER
        if code == product and back > 7 * weeks:
            return 0.0
        product, weeks, days, factor = OFFER
        return factor if code == product and 7 * weeks - days < back <= 7 * weeks else 1.0

    def _write_demand(self, company, rows):
        """Write demand as if the orders of that time were there.

        :param rows: (product id, site id, day, quantity) tuples
        """
        self.env.flush_all()
        for at in range(0, len(rows), 10000):
            products, sites, days, quantities = zip(*rows[at : at + 10000], strict=True)
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO oms_demand
                           (product_id, site_id, company_id, day, quantity, lost, source, key)
                    SELECT given.product_id, given.site_id, %(company)s, given.day,
                           given.quantity, 0.0, 'orders', ''
                      FROM unnest(%(products)s, %(sites)s, %(days)s::date[], %(quantities)s)
                        AS given (product_id, site_id, day, quantity)
                    ON CONFLICT DO NOTHING
                    """,
                    company=company.id,
                    products=list(products),
                    sites=list(sites),
                    days=list(days),
                    quantities=list(quantities),
                )
            )
        self.env["oms.demand"].invalidate_model()

    def _make_offer(self, today):
        """Tell of the promotion that was, so that it teaches nothing wrong."""
        product, weeks, days, _factor = OFFER
        begin = today - timedelta(weeks=weeks)
        self.env["oms.promotion"].create(
            {
                "name": self.env._("White Weeks"),
                "date_from": begin,
                "date_to": begin + timedelta(days=days - 1),
                "product_ids": self._find_demo_products(product).ids,
            }
        )
