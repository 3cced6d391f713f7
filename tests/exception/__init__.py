from . import test_between_steps
from . import test_conservation
from . import test_decide
from . import test_exception
from . import test_rejection
from . import test_triggers
