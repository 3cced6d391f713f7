from . import oms_grade
from . import oms_grade_check
from . import stock_location
from . import stock_quant
