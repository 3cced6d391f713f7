from . import test_lead_dates
from . import test_lead_learning
from . import test_promise_delivery
