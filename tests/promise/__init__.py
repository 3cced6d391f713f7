from . import test_promise_delivery
