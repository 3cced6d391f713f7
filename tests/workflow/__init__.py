from . import test_event
from . import test_given_back
from . import test_hold
from . import test_standing
from . import test_workflow
