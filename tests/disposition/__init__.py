from . import test_carry_out
from . import test_grade
from . import test_propose
