from . import test_operations
from . import test_operations_commits
