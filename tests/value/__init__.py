from . import test_value
