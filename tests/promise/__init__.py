from . import test_lead_dates
from . import test_lead_learning
from . import test_promise_delivery
from . import test_options
from . import test_options_order
from . import test_promise_record
from . import test_promise_risk
from . import test_options_choice
