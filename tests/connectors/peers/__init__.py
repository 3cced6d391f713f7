from .dhl import DhlPeer
from .gls import GlsPeer
from .sendcloud import SendcloudPeer

PEERS = (DhlPeer, GlsPeer, SendcloudPeer)
