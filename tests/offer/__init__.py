from . import test_offer
from . import test_offer_commits
from . import test_offer_screen
from . import test_offer_time
from . import test_roles
