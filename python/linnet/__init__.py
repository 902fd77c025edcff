"""linnet: neural networks compiled into native code that stands alone.

Example:
    >>> import linnet
    >>> net = linnet.compile("lenet.lin", weights="lenet.safetensors")
    >>> y = net(x)
"""

from . import _library
from ._convert import torch_module
from ._errors import Error, Message, ModelWarning
from ._ports import Port, Scale
from .network import Bench, Network, compile
from .streaming import State, Stream
from .training import Epoch, Training, train
from .verification import OutputError, Verification, verify

__all__ = [
    "Bench",
    "Epoch",
    "Error",
    "Message",
    "ModelWarning",
    "Network",
    "OutputError",
    "Port",
    "Scale",
    "State",
    "Stream",
    "Training",
    "Verification",
    "compile",
    "torch_module",
    "train",
    "verify",
]


def __getattr__(name: str) -> str:
    if name == "__version__":
        return str(_library.library().linnet_version().decode())
    raise AttributeError(f"module 'linnet' has no attribute {name!r}")
