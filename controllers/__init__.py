from . import carrier_labels
from . import channel_api
from . import tracking
from . import webhook
from . import xml_rpc
from . import pickup
from . import returns_guest
from . import returns
