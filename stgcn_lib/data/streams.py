"""Four ways to write down one movement, for whole batches; the code is in `graphs.streams`, where networks find it too."""

from ..graphs.streams import STREAMS, fitting, stream, streams

__all__ = ["STREAMS", "fitting", "stream", "streams"]
