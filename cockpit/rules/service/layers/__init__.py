"""The `layers` engine: where each file stands, and whether it may import what it imports."""

from cockpit.rules.service.layers.chains import Graph
from cockpit.rules.service.layers.edges import Edge
from cockpit.rules.service.layers.judgement import layer_hits

__all__ = ["Edge", "Graph", "layer_hits"]
