from . import test_availability, test_gate, test_position
