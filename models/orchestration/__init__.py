from . import oms_strategy
from . import oms_decision
from . import oms_decision_snapshot
from . import oms_sourcing
from . import oms_claim
from . import oms_sourcing_share
from . import sale_order
from . import sale_order_line
