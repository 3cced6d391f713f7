from . import oms_return_ask
from . import oms_return_ask_code
