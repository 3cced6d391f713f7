from . import test_counter
from . import test_counter_tour
