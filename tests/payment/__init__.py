from . import test_ahead
from . import test_number
from . import test_operations
from . import test_operations_commits
from . import test_screen
from . import test_shipments
