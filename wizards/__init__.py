from . import oms_import_wizard
