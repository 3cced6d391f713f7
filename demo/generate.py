"""Write the stock and the orders of the demo network: ``python3 demo/generate.py``.

The network is a French home and garden retailer of our own making; its sites and products are
kept by hand. All files are in the repository: this program says where these two come from, and
writes the same ones each time. Orders are dated in days before today, so that the demo is always
about the last days.
"""

import csv
import random
from pathlib import Path

HERE = Path(__file__).parent
ORDERS = 300
CUSTOMERS = 220
DAYS = 12
#: Chance that a site of a kind carries a product, and how many units of it.
CARRIES = {"warehouse": (0.65, 40, 110), "store": (0.45, 3, 12)}

#: Nearly sold out everywhere, so that some orders wait.
SCARCE = {"LUM-008": 4, "CUI-001": 3, "TEX-006": 2, "JAR-008": 2}

CITIES = [
    # city, zip, latitude, longitude, inhabitants in thousands
    ("Paris", "75015", 48.8412, 2.3003, 2103), ("Marseille", "13008", 43.2605, 5.3800, 877),
    ("Lyon", "69003", 45.7597, 4.8537, 520), ("Toulouse", "31400", 43.5804, 1.4592, 511),
    ("Nice", "06100", 43.7195, 7.2540, 353), ("Nantes", "44300", 47.2524, -1.5289, 326),
    ("Montpellier", "34080", 43.6190, 3.8400, 307), ("Strasbourg", "67100", 48.5540, 7.7660, 293),
    ("Bordeaux", "33200", 44.8506, -0.6045, 265), ("Lille", "59800", 50.6329, 3.0730, 238),
    ("Rennes", "35700", 48.1300, -1.6540, 227), ("Reims", "51100", 49.2583, 4.0317, 178),
    ("Toulon", "83000", 43.1242, 5.9280, 180), ("Saint-Étienne", "42000", 45.4397, 4.3872, 173),
    ("Le Havre", "76600", 49.4938, 0.1077, 166), ("Dijon", "21000", 47.3220, 5.0415, 159),
    ("Grenoble", "38000", 45.1885, 5.7245, 156), ("Angers", "49100", 47.4784, -0.5632, 157),
    ("Villeurbanne", "69100", 45.7719, 4.8902, 163), ("Nîmes", "30000", 43.8367, 4.3601, 149),
    ("Aix-en-Provence", "13100", 43.5297, 5.4474, 147), ("Vannes", "56000", 47.6582, -2.7608, 54),
    ("Clermont-Ferrand", "63000", 45.7772, 3.0870, 147), ("Troyes", "10000", 48.2973, 4.0744, 62),
    ("Le Mans", "72000", 48.0061, 0.1996, 146), ("Brest", "29200", 48.3904, -4.4861, 140),
    ("Tours", "37000", 47.3941, 0.6848, 138), ("Amiens", "80000", 49.8941, 2.2958, 134),
    ("Limoges", "87000", 45.8336, 1.2611, 130), ("Annecy", "74000", 45.8992, 6.1294, 132),
    ("Perpignan", "66000", 42.6887, 2.8948, 120), ("Besançon", "25000", 47.2378, 6.0241, 119),
    ("Metz", "57000", 49.1193, 6.1757, 120), ("Orléans", "45000", 47.9030, 1.9093, 117),
    ("Rouen", "76000", 49.4432, 1.0993, 114), ("Mulhouse", "68100", 47.7508, 7.3359, 107),
    ("Caen", "14000", 49.1829, -0.3707, 108), ("Nancy", "54000", 48.6921, 6.1844, 104),
    ("Avignon", "84000", 43.9493, 4.8055, 91), ("Poitiers", "86000", 46.5802, 0.3404, 90),
    ("La Rochelle", "17000", 46.1603, -1.1511, 78), ("Pau", "64000", 43.2951, -0.3708, 77),
    ("Quimper", "29000", 47.9975, -4.0979, 63), ("Valence", "26000", 44.9334, 4.8924, 65),
    ("Bayonne", "64100", 43.4929, -1.4748, 53), ("Rodez", "12000", 44.3506, 2.5750, 24),
    ("Aurillac", "15000", 44.9306, 2.4446, 26), ("Ajaccio", "20000", 41.9192, 8.7386, 73),
]  # fmt: skip
FIRST = """Camille Louise Jules Emma Hugo Léa Arthur Chloé Gabriel Inès Lucas Manon Nathan Sarah
Paul Jeanne Adam Alice Louis Zoé Tom Rose Ethan Anna Noah Juliette Léo Eva Mathis Agathe Yanis Mila
Théo Nina Raphaël Clara Maël Lina Victor Élise"""
LAST = """Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel
Lefebvre Leroy Roux David Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau
Vincent Muller Lefèvre Faure André Mercier Blanc Guérin Boyer Garnier Chevalier François Legrand
Gauthier Garcia Perrin Robin Clément Morin Nicolas Henry Roussel Mathieu"""
STREETS = """rue de la République,avenue Jean Jaurès,rue Victor Hugo,rue Pasteur,boulevard Gambetta,
rue des Lilas,place de la Mairie,rue du Moulin,chemin des Vignes,rue de l'Église,
allée des Tilleuls,quai des Bateliers"""
#: Channel, its share of the orders and how its references begin.
CHANNELS = (("WEB", 0.6, "ML"), ("MARKET", 0.25, "MK"), ("PHONE", 0.15, "PH"))


def read(name: str) -> list[dict[str, str]]:
    """Read one of the files that are kept by hand."""
    with open(HERE / name, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def make_stock(rng: random.Random) -> list[tuple[str, str, int]]:
    """Put the products on the shelves of the sites."""
    stock = []
    sites = read("sites.csv")
    for product in read("products.csv"):
        code = product["product_id"]
        if code in SCARCE:
            first, second = rng.sample([site["site"] for site in sites], 2)
            half = SCARCE[code] // 2
            stock += [(first, code, half), (second, code, SCARCE[code] - half)]
            continue
        # Each warehouse has its half of the range, and some of the other's.
        own = rng.choice([site["site"] for site in sites if site["kind"] == "warehouse"])
        for site in sites:
            chance, low, high = CARRIES[site["kind"]]
            if rng.random() < chance or site["site"] == own:
                stock.append((site["site"], code, rng.randint(low, high)))
    return stock


def make_customers(rng: random.Random) -> list[tuple[object, ...]]:
    """Have people live all over the country, more of them where more live."""
    first, last, streets = FIRST.split(), LAST.split(), STREETS.replace("\n", "").split(",")
    customers = []
    for number in range(1, CUSTOMERS + 1):
        city, code, lat, lng, _inhabitants = rng.choices(CITIES, [c[4] for c in CITIES])[0]
        name = f"{rng.choice(first)} {rng.choice(last)}"
        street = f"{rng.randint(1, 140)} {rng.choice(streets)}"
        lat, lng = (round(angle + rng.uniform(-0.02, 0.02), 4) for angle in (lat, lng))
        customers.append((f"C{number:04d}", name, street, code, city, "FR", lat, lng))
    return customers


def make_basket(rng: random.Random, products: list[dict[str, str]]) -> dict[str, tuple[float, int]]:
    """Fill a basket: price and quantity by product, small things more often and more of them."""
    size = rng.choices((1, 2, 3, 4, 5), (38, 30, 18, 9, 5))[0]
    weights = [1 / (20 + float(product["price"])) for product in products]
    basket: dict[str, tuple[float, int]] = {}
    while len(basket) < size:
        product = rng.choices(products, weights)[0]
        price = float(product["price"])
        quantity = rng.choice((2, 4, 6)) if price < 20 else rng.choices((1, 2), (5, 1))[0]
        basket[product["product_id"]] = (price, quantity)
    return basket


def make_orders(rng: random.Random) -> list[tuple[object, ...]]:
    """Have the customers order."""
    customers = make_customers(rng)
    products = read("products.csv")
    moments = sorted(
        (-rng.randint(0, DAYS - 1), f"{rng.randint(7, 20):02d}:{rng.randint(0, 59):02d}")
        for _order in range(ORDERS)
    )
    rows = []
    for number, moment in enumerate(moments, start=20001):
        channel, _share, prefix = rng.choices(CHANNELS, [c[1] for c in CHANNELS])[0]
        customer = rng.choice(customers)
        for product, (price, quantity) in make_basket(rng, products).items():
            row = (*customer, product, quantity, f"{price * quantity:.2f}")
            rows.append((f"{prefix}-{number}", channel, *moment, *row))
    return rows


def write(name: str, headers: str, rows: list) -> None:
    """Write one file."""
    with open(HERE / name, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(headers.split())
        writer.writerows(rows)


def main() -> None:
    """Write all files."""
    rng = random.Random(2026)
    write("stock.csv", "site product_id quantity", make_stock(rng))
    write(
        "orders.csv",
        "order_id channel day time customer_id name street zip city country lat lng product_id "
        "quantity sales",
        make_orders(rng),
    )


if __name__ == "__main__":
    main()
