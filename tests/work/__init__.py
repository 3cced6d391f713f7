from . import test_changes
from . import test_goods
from . import test_scan
from . import test_together
from . import test_work
from . import test_tours
from . import test_collect_tours
from . import test_work_commits
