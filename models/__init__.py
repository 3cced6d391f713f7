from . import network
from . import channel
from . import inventory
from . import orchestration
from . import fulfillment
from . import workflow
from . import exception
from . import intake
