from . import oms_fulfillment
from . import oms_fulfillment_slot
from . import oms_fulfillment_line
from . import stock_move
from . import stock_picking
from . import stock_rule
