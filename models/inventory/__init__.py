from . import availability
from . import oms_claim
from . import oms_claim_hold
from . import oms_position
from . import oms_position_read
from . import product_product
from . import stock_location
from . import stock_move
