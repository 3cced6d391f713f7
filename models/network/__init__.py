from . import oms_network
from . import oms_site
from . import res_partner
from . import stock_warehouse
