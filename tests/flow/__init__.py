from . import test_proposal
from . import test_proposal_cases
from . import test_proposal_commits
from . import test_run
from . import test_share
from . import test_preparation
from . import test_demand
from . import test_forecast
