from . import oms_import_wizard
from . import oms_sellable
