from . import test_postcode
from . import test_placing
from . import test_intake
