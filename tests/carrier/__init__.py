from . import test_account
from . import test_labels
from . import test_tracking
from . import test_points
from . import test_points_commits
from . import test_labels_batch
from . import test_day
from . import test_rates
