from . import test_changes
from . import test_decision
from . import test_native
from . import test_queries
from . import test_sourcing
from . import test_steps
from . import test_take_up
from . import test_tour
