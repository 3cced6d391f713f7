from . import test_network
from . import test_site
from . import test_supplier_site
from . import test_warehouse_site
