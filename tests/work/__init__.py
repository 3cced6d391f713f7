from . import test_work
from . import test_tours
from . import test_collect_tours
