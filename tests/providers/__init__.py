from . import test_store_credit
