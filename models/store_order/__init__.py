from . import oms_site
from . import sale_order
from . import oms_incoming_order
from . import oms_order_placing
from . import oms_store_order
from . import oms_store_order_search
