from . import test_contract
from . import test_feed
from . import test_hold
from . import test_openapi
from . import test_orders
from . import test_orders_commit
from . import test_roles
from . import test_routes
