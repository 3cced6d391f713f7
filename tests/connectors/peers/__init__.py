from .chronopost import ChronopostPeer
from .dhl import DhlPeer
from .gls import GlsPeer
from .sendcloud import SendcloudPeer

PEERS = (ChronopostPeer, DhlPeer, GlsPeer, SendcloudPeer)
