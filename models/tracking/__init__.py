from . import oms_webhook_handler
from . import oms_webhook_event
from . import oms_webhook_apply
from . import oms_carrier_webhook
from . import oms_carrier_account
from . import oms_parcel
from . import ir_http
