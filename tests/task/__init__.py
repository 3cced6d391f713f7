from . import test_task
from . import test_task_commits
from . import test_task_queue
