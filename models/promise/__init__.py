from . import delivery_carrier
from . import oms_public_holiday
from . import oms_site_pickup
from . import oms_channel
from . import oms_lead_time
