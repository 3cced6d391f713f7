from . import test_availability
from . import test_gate
from . import test_overview
from . import test_position
from . import test_position_search
from . import test_product_tour
from . import test_promisable
from . import test_sold
