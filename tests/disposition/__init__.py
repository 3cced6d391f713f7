from . import test_carry_out
from . import test_grade
from . import test_mismatch
from . import test_propose
from . import test_return_site
