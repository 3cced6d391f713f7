from . import oms_value
from . import oms_value_read
from . import oms_value_facts
from . import oms_value_keep
from . import oms_position
from . import product
