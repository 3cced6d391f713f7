from . import test_lead_dates
from . import test_promise_delivery
