from . import oms_claim_extend
from . import oms_exception_decide
from . import oms_fulfillment_reject
from . import oms_import_wizard
from . import oms_sellable
from . import oms_simulation
from . import oms_site_offline_wizard
from . import oms_channel_key
