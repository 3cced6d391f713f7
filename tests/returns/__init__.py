from . import test_request
from . import test_receive
from . import test_refusals
from . import test_policy
from . import test_native
