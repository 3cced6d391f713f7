from . import test_kit_return
