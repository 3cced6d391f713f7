from . import test_store_order
from . import test_store_order_tour
