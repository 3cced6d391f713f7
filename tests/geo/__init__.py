from . import test_postcode
