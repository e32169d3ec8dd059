"""The one contract: what a scenario file says, and the few words it says it with."""

from models.contract import expectation_maximisation
from models.contract.bad_input import BadInput
from models.contract.broken import Broken
from models.contract.compact import compacted, summarised
from models.contract.data import constant, coordinates, dataset, read_table
from models.contract.distribution import Distribution, Prior, flat, restated
from models.contract.reference import Reference
from models.contract.scenario import Scenario

__all__ = [
    "BadInput",
    "Broken",
    "Distribution",
    "Prior",
    "Reference",
    "Scenario",
    "compacted",
    "constant",
    "coordinates",
    "dataset",
    "expectation_maximisation",
    "flat",
    "read_table",
    "restated",
    "summarised",
]
