"""Every decoder under one name: ``DECODERS.build("greedy", {})``."""

from signlab.scoring.beam import Beam
from signlab.scoring.decoder import DECODERS, Decoder, Hypothesis
from signlab.scoring.flashlight import Flashlight
from signlab.scoring.greedy import Greedy

__all__ = ["DECODERS", "Beam", "Decoder", "Flashlight", "Greedy", "Hypothesis"]
