from . import test_pick_list
from . import test_roles
from . import test_rule
from . import test_rule_commits
from . import test_wave
