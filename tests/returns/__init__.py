from . import test_request
from . import test_receive
