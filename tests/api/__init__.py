from . import test_contract
from . import test_hold
from . import test_orders
from . import test_routes
