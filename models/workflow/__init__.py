from . import ir_actions_server
from . import oms_event
from . import oms_workflow
from . import oms_workflow_step
from . import oms_channel
from . import sale_order
from . import sale_order_standing
from . import stock_move
