from . import test_availability
from . import test_gate
from . import test_position
from . import test_promisable
from . import test_sold
