from . import payment_provider
from . import payment_transaction
from . import oms_fulfillment
from . import oms_site_work
