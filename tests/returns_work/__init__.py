from . import test_find
from . import test_receipt
from . import test_grading
from . import test_blind
from . import test_receipt_commits
from . import test_disposition
from . import test_tours
