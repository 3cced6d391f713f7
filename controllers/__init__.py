from . import channel_api
from . import xml_rpc
