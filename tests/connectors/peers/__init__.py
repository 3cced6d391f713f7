from .gls import GlsPeer
from .sendcloud import SendcloudPeer

PEERS = (GlsPeer, SendcloudPeer)
