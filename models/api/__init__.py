from . import oms_api
from . import oms_api_hold
from . import oms_channel
from . import oms_api_usage
from . import ir_http
