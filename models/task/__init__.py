from . import oms_handled
from . import oms_task_handler
from . import oms_task
from . import oms_task_run
from . import oms_task_queue
