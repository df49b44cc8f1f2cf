"""Spatial-temporal graph convolutional networks, small enough to read in an evening.

Rooms, from the ground floor up (imports only point down):

* ``graphs``, ``layers``: skeletons, partitions, normalised adjacencies; the layers that use them.
* ``data``, ``viz``: motion (synthetic and recorded); skeletons and matrices that move.
* ``exercises``: the checkers of the book *Graphs in Motion*.

One direction everywhere: ``A[k, v, u]`` is the weight with which the receiver ``v`` takes from the sender ``u`` in subset
``k``, so one step of aggregation is ``A @ x``.
"""

__version__ = "0.1.0"
