from . import test_inbox
from . import test_inbox_commits
from . import test_inbox_http
from . import test_progress
