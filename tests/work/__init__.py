from . import test_work
from . import test_tours
